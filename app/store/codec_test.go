package store

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

// TestEveryMessageIsKnown reads the source of the rooms that have messages: a new one that the store does not know would be refused when it
// is first sent.
func TestEveryMessageIsKnown(t *testing.T) {
	var named []string
	for _, room := range []string{"..", "../../checks", "../../deploy", "../../policies"} {
		named = append(named, namesIn(t, room)...)
	}
	slices.Sort(named)
	known := slices.Sorted(maps.Keys(newCodec()))
	if d := cmp.Diff(named, known); d != "" {
		t.Errorf("messages in the source (-) and in the store (+):\n%s", d)
	}
}

// namesIn finds the methods Name() string that return a plain name.
func namesIn(t *testing.T, room string) (names []string) {
	files, err := filepath.Glob(filepath.Join(room, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no source in %s: %v", room, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Name" || len(f.Type.Params.List) > 0 || len(f.Body.List) != 1 {
				continue
			}
			if ret, ok := f.Body.List[0].(*ast.ReturnStmt); ok {
				if lit, ok := ret.Results[0].(*ast.BasicLit); ok {
					name, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// TestEveryMessageComesBack fills every field of every message with something, so that one that JSON does not keep is noticed.
func TestEveryMessageComesBack(t *testing.T) {
	db := openAt(t, path(t))
	to := app.LaneAddress(42, "payments", "production")
	var sent []app.Letter
	for _, name := range slices.Sorted(maps.Keys(db.codec)) {
		empty, err := db.codec.decode(name, []byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		full := reflect.New(reflect.TypeOf(empty)).Elem()
		populate(t, full, 1)
		sent = append(sent, app.Letter{To: to, Message: empty}, app.Letter{To: to, Message: full.Interface().(app.Message)})
	}
	err := db.Update(t.Context(), func(tx engine.Tx) error { return tx.Post(sent, noon) })
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(tx engine.Tx) error {
		got, err := tx.Mail(len(sent)+1, noon)
		if len(got) != len(sent) {
			t.Fatalf("%d letters of %d come back", len(got), len(sent))
		}
		for i, m := range got {
			if d := cmp.Diff(sent[i], m.Letter); d != "" || m.Err != nil {
				t.Errorf("%s comes back otherwise: %v\n%s", sent[i].Message.Name(), m.Err, d)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// populate sets a value and all that is in it to something that is not zero.
func populate(t *testing.T, v reflect.Value, n int) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(noon.Add(time.Duration(n) * time.Nanosecond)))
			return
		}
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				t.Fatalf("%s has a field that JSON does not keep: %s", v.Type(), v.Type().Field(i).Name)
			}
			populate(t, v.Field(i), n+i)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			populate(t, v.Index(i), n+i)
		}
	case reflect.String:
		v.SetString("text <" + strconv.Itoa(n) + "> \u2028 \"é\" \x00")
	case reflect.Int, reflect.Int64:
		v.SetInt(1<<53 + int64(n)) // a float would not keep it
	case reflect.Bool:
		v.SetBool(true)
	default:
		t.Fatalf("a message holds a %s: teach this test, and see that JSON keeps it", v.Type())
	}
}

// TestUnreadable puts letters into the database that this version can't read. They hold up nobody.
func TestUnreadable(t *testing.T) {
	db := openAt(t, path(t))
	good := app.LaneAddress(1, "", "production").String()
	for _, l := range [][3]string{
		{good, "from.the.future", "{}"}, {good, "ready", "{"}, {"castle/1", "ready", "{}"}, {good, "gone", "[]"}, {good, "changed", "{}"},
	} {
		if _, err := db.writer.Exec(post, l[0], l[1], l[2], stamp(noon)); err != nil {
			t.Fatal(err)
		}
	}
	err := db.Update(t.Context(), func(tx engine.Tx) error {
		mail, err := tx.Mail(10, noon)
		if err != nil {
			return err
		}
		var readable []bool
		for _, m := range mail {
			readable = append(readable, m.Err == nil)
		}
		if d := cmp.Diff([]bool{false, false, false, false, true}, readable); d != "" {
			t.Errorf("which letters can be read:\n%s", d)
		}
		if err := tx.SetAside(mail[0].ID, mail[0].Err.Error()); err != nil {
			return err
		}
		aside, err := tx.Aside(10)
		if len(aside) != 1 || aside[0].Err == nil || !strings.Contains(aside[0].Reason, "from.the.future") {
			t.Errorf("set aside: %+v", aside)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
