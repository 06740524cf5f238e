package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slipway-cd/slipway/app"
)

type hostileFile struct{ name, data, said string }

// hostile are files that mean harm, or that an editor has mangled, and the beginning of what is said of them first.
func hostile() []hostileFile {
	const good = "version: 1\nchecks:\n  test: { run: make test }\n"
	many := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	return []hostileFile{
		{"empty", "", "x.yml: The file is empty."},
		{"blank", " \n\n", "x.yml: The file is empty."},
		{"NUL", "version: 1\nchecks: {\x00}\n", "x.yml:2:10: There is a control character here (U+0000)."},
		{"escape sequence", "version: \x1b[31m1\n", "x.yml:1:10: There is a control character here (U+001B)."},
		{"lone carriage return", "version: 1\rchecks: x\n", "x.yml:1:11: There is a control character here (U+000D)."},
		{"line separator", "# \u2028\nversion: 1\n", "x.yml:1:3: There is a control character here (U+2028)."},
		{"BOM in the middle", "version: \ufeff1\n", "x.yml:1:10: There is a control character here (U+FEFF)."},
		{"not UTF-8", "version: 1\n# caf\xe9\n", "x.yml:2:6: The file is not UTF-8 here."},
		{"UTF-16", "\xff\xfev\x00e\x00", "x.yml:1:1: The file is not UTF-8 here."},
		{"BOM", "\ufeff" + good, ""},
		{"BOM with a mistake", "\ufeffversoin: 1\n", `x.yml:1:1: "versoin" is not a key of the file. Did you mean version?`},
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n"), ""},
		{"CRLF with a mistake", "version: 1\r\nchekcs: {}\r\n", `x.yml:2:1: "chekcs" is not a key of the file. Did you mean checks?`},
		{"wide characters before a mistake", "version: 1\nchecks: { ünï: { run: x } }\n", `x.yml:2:11: "ünï" can't be the name of a check.`},
		{"one megabyte", good + strings.Repeat("# padding\n", 100_000), "x.yml: The file has 1000046 bytes, and at most 131072 are read."},
		{"huge text", "version: 1\nchecks: { test: { run: " + strings.Repeat("x", 100_000) + " } }\n", "x.yml:2:24: run has 100000 characters, and at most 20000 are read."},
		{"huge key", "version: 1\n" + strings.Repeat("x", 100_000) + ": 1\n", `x.yml:2:1: "xxx`},
		{"deep list", "version: 1\nchecks: " + strings.Repeat("[", 60_000), "x.yml:2:"},
		{"deep mapping", "version: " + strings.Repeat("{a: ", 30_000), "x.yml:1:"},
		{"deep block", strings.Repeat("- ", 60_000), "x.yml:1:"},
		{"deep and closed", "version: 1\nchecks: " + strings.Repeat("[", 900) + strings.Repeat("]", 900), "x.yml:2:9: checks is a list."},
		{"long list", "version: 1\nchecks: { test: { run: x, needs: [" + many("a%d,", 10_000) + "] } }\n", "x.yml:2:34: needs has 10000 entries, and at most 100 are read."},
		{"many services", "version: 1\nservices:\n" + many("  s%d: {}\n", 5000), "x.yml:3:3: services has 5000 entries, and at most 100 are read."},
		{"many unknown keys", many("k%d: 1\n", 10_000), `x.yml:1:1: "k0" is not a key of the file.`},
		{"many comments", good + strings.Repeat("#\n", 60_000), ""},
		{"many documents", strings.Repeat("---\n", 30_000), "x.yml:2:1: A second document begins here."},
		{"many tag directives", many("%%TAG !a%d! b\n", 7000) + "---\nversion: 1\n", ""},
		{"alias bomb", bomb(), "x.yml:"},
		{"alias in itself", "version: 1\nchecks: { test: { run: x, needs: &a [*a] } }\n", "x.yml:2:"},
		{"alias of a service in itself", "version: 1\nservices: &s { web: { environments: *s } }\n", "x.yml:"},
		{"braces", "version: 1\nservices: { web: { paths: ['" + strings.Repeat("{*,*a}", 12) + "'] } }\n", "x.yml:2:28: The file's globs amount to more than 1000"},
		{"braces behind a class", "version: 1\nservices: { web: { paths: ['[}]" + strings.Repeat("{*,*a}", 12) + "'] } }\n", "x.yml:2:28: The file's globs amount to more than 1000"},
	}
}

// bomb is a file of a few lines that means millions once its aliases are followed.
func bomb() string {
	var b strings.Builder
	b.WriteString("version: 1\nservices:\n  s0: &s\n    environments: &e\n")
	for i := range 99 {
		fmt.Fprintf(&b, "      e%d: %s\n", i, map[bool]string{true: "&x { policy: delivery, deploy: { run: make } }", false: "*x"}[i == 0])
	}
	for i := 1; i < 99; i++ {
		fmt.Fprintf(&b, "  s%d: *s\n", i)
	}
	return b.String()
}

func TestHostile(t *testing.T) {
	for _, h := range hostile() {
		t.Run(h.name, func(t *testing.T) {
			begin := time.Now()
			_, problems := Parse("x.yml", []byte(h.data))
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
			got := Render(problems)
			if h.said == "" && got != "" || !strings.HasPrefix(got, h.said) {
				t.Errorf("want %q, got:\n%.2000s", h.said, got)
			}
			inside(t, []byte(h.data), problems)
			if len(problems) > maxProblems+1 {
				t.Errorf("%d problems at once", len(problems))
			}
		})
	}
}

// inside holds problems to places in the file, in order, and to sentences that can be shown anywhere.
func inside(t *testing.T, data []byte, problems []app.Problem) {
	t.Helper()
	lines := strings.Split(string(data), "\n")
	last := 0
	for _, p := range problems {
		if p.Line < last || p.Line > len(lines) || p.Line > 0 && (p.Column < 1 || p.Column > utf8.RuneCountInString(lines[p.Line-1])+1) {
			t.Errorf("%s: not inside the file, or not in order", p.Error())
		}
		if last = p.Line; !utf8.ValidString(p.Sentence) || len(p.Sentence) > 2000 || strings.ContainsAny(p.Sentence, "\x00\x1b\n\r") {
			t.Errorf("%q can't be shown as it is", p.Sentence)
		}
		if !strings.HasSuffix(p.Sentence, ".") && !strings.HasSuffix(p.Sentence, "?") && !strings.HasSuffix(p.Sentence, ". ") {
			t.Errorf("%q is not a sentence", p.Sentence)
		}
	}
}
