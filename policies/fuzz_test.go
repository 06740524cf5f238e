package policies_test

import (
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/policies"
)

// FuzzParse plants one command in each place where it is only spoken about, with anything before it that ends its own line and block, and
// parses anything at all. Nothing may panic, nothing planted may be carried out, and nothing may be carried out that no line begins with.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "/approve", "hello\n/approve web all", "- a\n- b", "> q\n> r", "```go\nx\n```", "<div>\n\nx", "<!-- x -->", "a | b\n-|-\n1 | 2",
		"[^1]\n\n[^1]: x", "/hold until 2h because [x](y)", "**a\n/hold**", "\u200b/hold", "/slipway\r\nx\r/help", "<b title='>'>", "[a]: b 'c'",
		"~~x~~", "1. x\n\n   y", "\tx", "<![CDATA[x]]>", "<?x?>", "&amp; &#47;", "http://a/b", "$$\nx\n$$", "- [ ] /approve", "/approve web at 2027-03-01 09:00 Europe/Berlin", "/override alone because /x",
		"/what-if approve web by @ada, @bob", "/what-if /approve by", "/aprove wbe at 2027-03-01T09:00:00+01:00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, l := range policies.Parse(s, names()) {
			if l.Problem == "" && !strings.Contains(s, "/") {
				t.Errorf("%q holds no slash, but %+v is carried out", s, l.Command)
			}
			if len(l.Text) > 4*200 || strings.ContainsAny(l.Text, "\n\r") {
				t.Errorf("%q is shown as %q", s, l.Text)
			}
			if n := len(l.Command.Commit); n != 0 && (n < 12 || n > 40) {
				t.Errorf("%q names the commit %q", s, l.Command.Commit)
			}
		}
		plant(t, s)
	})
}

// plant hides a rollback behind each mark that makes it no command. What the fuzzer writes can't undo the mark: it has no line of its own.
func plant(t *testing.T, s string) {
	line := strings.Join(strings.Fields(strings.ReplaceAll(s, "-->", "")), " ")
	word := strings.ReplaceAll(line, "`", "")
	for _, body := range []string{
		"> " + line + "\n> /rollback planted",
		"```\n" + word + "\n/rollback planted\n```",
		"<!-- " + strings.ReplaceAll(line, ">", "") + "\n/rollback planted\n-->",
		"x\n\n    " + line + "\n    /rollback planted",
		"- " + line + "\n- /rollback planted",
	} {
		for _, l := range policies.Parse(body, policies.Names{Services: []string{"planted"}}) {
			if l.Problem == "" && l.Command.Service == "planted" && strings.Contains(l.Text, "rollback planted") && !strings.Contains(line, "/rollback planted") {
				t.Errorf("%q is carried out in %q", l.Text, body)
			}
		}
	}
}
