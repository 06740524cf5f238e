package store

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestNoFullScan asks SQLite how it will answer each query of this package. None may read a table from end to end, but those that are to
// hand out everything, and those that read an index of few rows.
func TestNoFullScan(t *testing.T) {
	db := openAt(t, path(t))
	// What may be scanned, and why.
	allowed := map[string]string{
		"allLanes SCAN lanes USING INDEX sqlite_autoindex_lanes_1": "all lanes",
		"allKept SCAN promotions USING INDEX promotions_kept":      "all lanes",
		"servedRepositories SCAN repositories":                     "all repositories",
		"runningRows SCAN rows USING INDEX rows_running":           "as many as there are slots",
		"refusedRows SCAN rows USING INDEX rows_refused":           "those alone",
		"lines SCAN l":              "as many as there are tasks",
		"lastReceipt SCAN receipts": "from the newest on, and that one alone", "signedHead SCAN h": "likewise", "allSigned SCAN h": "an operator's own look",
		"queued SCAN e USING INDEX events_queued": "from the oldest on, and no more than are asked for",
	}
	allowed["forgetBodies SCAN b"], allowed["forgetEvents SCAN (subquery-1)"] = "atOnce", "atOnce"
	used := map[string]bool{}
	queries := queriesHere(t)
	if len(queries) < 50 {
		t.Fatalf("only %d queries are found", len(queries))
	}
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		for _, step := range planOf(t, db, queries[name]) {
			if !strings.HasPrefix(step, "SCAN ") || strings.HasPrefix(step, "SCAN CONSTANT ROW") {
				continue
			}
			used[name+" "+step] = true
			if allowed[name+" "+step] == "" {
				t.Errorf("%s: %s", name, step)
			}
		}
	}
	for what := range allowed {
		if !used[what] {
			t.Errorf("nothing does %s any more", what)
		}
	}
}

// TestIndices holds that the queries that are asked most use the index that was made for them, not one that is merely better than nothing.
func TestIndices(t *testing.T) {
	db, queries := openAt(t, path(t)), queriesHere(t)
	for query, index := range map[string]string{
		"queued": "events_queued", "nextEvent": "events_due",
		"mail": "letters_delayed", "nextLetter": "letters_delayed",
		"dueRows": "rows_due", "nextRow": "rows_due", "lines": "rows_due", "openRows": "rows_open",
		"openRuns": "runs_open", "newestRuns": "runs_newest", "lastGreen": "run_services_newest", "kept": "promotions_kept",
		"pullsOf": "pulls_merged", "openPulls": "pulls_open", "installationRepositories": "repositories_served",
	} {
		if plan := strings.Join(planOf(t, db, queries[query]), "; "); !strings.Contains(plan, "INDEX "+index+" ") && !strings.HasSuffix(plan, index) &&
			!strings.Contains(plan, index+";") {
			t.Errorf("%s does not use %s: %s", query, index, plan)
		}
	}
}

func planOf(t *testing.T, db *DB, query string) (steps []string) {
	t.Helper()
	args := make([]any, strings.Count(query, "?")) // more than enough
	for i := range args {
		args[i] = 1
	}
	highest := 0
	for _, m := range regexp.MustCompile(`\?(\d+)`).FindAllStringSubmatch(query, -1) {
		n, _ := strconv.Atoi(m[1])
		highest = max(highest, n)
	}
	rows, err := db.writer.Query("EXPLAIN QUERY PLAN "+query, args[:highest]...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, zero int
		var detail string
		if err := rows.Scan(&id, &parent, &zero, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	return steps
}

// queriesHere is every constant of this package that is a statement, by name.
func queriesHere(t *testing.T) map[string]string {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	constants := map[string]ast.Expr{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				for _, spec := range g.Specs {
					v := spec.(*ast.ValueSpec)
					constants[v.Names[0].Name] = v.Values[0]
				}
			}
		}
	}
	queries := map[string]string{}
	for name, expr := range constants {
		q := text(constants, expr)
		if verb, _, _ := strings.Cut(q, " "); slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}, verb) {
			queries[name] = q
		}
	}
	return queries
}

// text is the value of an expression of strings.
func text(constants map[string]ast.Expr, e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.Ident:
		return text(constants, constants[e.Name])
	case *ast.BinaryExpr:
		return text(constants, e.X) + text(constants, e.Y)
	}
	return ""
}

// TestPlaceholders holds that every placeholder is numbered with a question mark: SQLite numbers $1 by where it stands.
func TestPlaceholders(t *testing.T) {
	for name, q := range queriesHere(t) {
		if strings.Contains(q, "$") || regexp.MustCompile(`\?($|[^0-9])`).MatchString(q) {
			t.Errorf("%s has placeholders that are not ?1", name)
		}
	}
}
