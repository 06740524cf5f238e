package shim

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	h := openHost(t, folders(t))
	for _, code := range []int{0, 1, 7, 255} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			st := run(t, h, script(t, fmt.Sprint("code ", code), fmt.Sprintf("echo out; echo err >&2; exit %d", code)))
			if !exitedWith(st, code) || st.Exit.OK() != (code == 0) {
				t.Errorf("status %+v", st)
			}
			if log := logOf(t, h, fmt.Sprint("code ", code)); log != "out\nerr\n" {
				t.Errorf("log %q", log)
			}
			if st.Exit.LogBytes != 8 || st.Exit.Started.IsZero() || st.Exit.Ended.Before(st.Exit.Started) {
				t.Errorf("exit record %+v", st.Exit)
			}
		})
	}
}

func TestExitBySignal(t *testing.T) {
	h := openHost(t, folders(t))
	for _, sig := range []string{"SEGV", "KILL", "TERM"} {
		st := run(t, h, script(t, sig, "kill -"+sig+" $$"))
		if st.State != Ended || st.Exit.Outcome != Signaled || st.Exit.Signal != "SIG"+sig || st.Exit.OK() {
			t.Errorf("kill -%s: %+v", sig, st)
		}
	}
}

func TestZeroValuesAreNoSuccess(t *testing.T) {
	if (Exit{}).OK() {
		t.Error("an exit that says nothing is OK")
	}
	if (Status{}).State != Unknown {
		t.Error("a status that says nothing is not unknown")
	}
	if _, err := decodeExit([]byte(`{"code":0}`)); err == nil {
		t.Error("an exit record without outcome is understood")
	}
}

func TestSpecsThatNobodyAskedForAreRefused(t *testing.T) {
	h := openHost(t, folders(t))
	for name, spoil := range map[string]func(*Spec){
		"no key":           func(s *Spec) { s.Key = "" },
		"no program":       func(s *Spec) { s.Command = nil },
		"relative dir":     func(s *Spec) { s.Dir = "x" },
		"no time limit":    func(s *Spec) { s.Timeout = 0 },
		"no isolation":     func(s *Spec) { s.Isolation = Isolation{} },
		"NUL in variable":  func(s *Spec) { s.Env = append(s.Env, "A=secret\x00value") },
		"nameless":         func(s *Spec) { s.Env = append(s.Env, "=secret") },
		"NUL in argument":  func(s *Spec) { s.Command = append(s.Command, "\x00") },
		"negative grace":   func(s *Spec) { s.Grace = -1 },
		"negative logsize": func(s *Spec) { s.LogLimit = -1 },
	} {
		s := script(t, name, "true")
		spoil(&s)
		if _, err := h.Ensure(ctx(t), s); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	keys, err := h.Keys()
	if err != nil || len(keys) != 0 {
		t.Errorf("refused jobs left %v, %v", keys, err)
	}
}

func TestSpecPrintsNoSecret(t *testing.T) {
	s := script(t, "k", "true")
	s.Secrets = []string{"hunter2"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, s); strings.Contains(text, "hunter2") {
			t.Errorf("%s shows %s", format, text)
		}
	}
}

func TestKeysOfAnyKind(t *testing.T) {
	h := openHost(t, folders(t))
	keys := []string{"a/b", "a-b", "../../etc", "é\x00", strings.Repeat("long", 500), ".", "shop/web → production"}
	for _, key := range keys {
		s := script(t, key, "echo $NAME")
		s.Env = append(s.Env, "NAME="+strconv.Itoa(len(key)))
		if st := run(t, h, s); !exitedWith(st, 0) {
			t.Errorf("%q: %+v", key, st)
		}
		if log := logOf(t, h, key); log != strconv.Itoa(len(key))+"\n" {
			t.Errorf("%q has the log %q", key, log)
		}
	}
	got, err := h.Keys()
	slices.Sort(got)
	slices.Sort(keys)
	if err != nil || !slices.Equal(got, keys) {
		t.Errorf("Keys: %q, %v", got, err)
	}
}

func TestDoneIsCalledOnce(t *testing.T) {
	d := newDones()
	o := folders(t)
	o.Done = d.done
	h := openHost(t, o)
	s := script(t, "k", "true")
	ensure(t, h, s)
	if key := d.next(t); key != "k" {
		t.Fatalf("Done(%q)", key)
	}
	for range 3 {
		if st := ensure(t, h, s); !exitedWith(st, 0) {
			t.Errorf("after Done the status is %+v", st)
		}
		wait(t, h, "k")
	}
	run(t, h, script(t, "other", "true"))
	d.next(t)
	if n := d.count("k"); n != 1 {
		t.Errorf("Done was called %d times", n)
	}
}

func TestAbsent(t *testing.T) {
	h := openHost(t, folders(t))
	if st := wait(t, h, "nobody"); st.State != Absent {
		t.Errorf("status %+v", st)
	}
	if _, err := h.Logs("nobody", 0); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Logs: %v", err)
	}
}
