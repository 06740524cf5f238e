package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// html is Markdown as GitHub would render it, before it looks for names and references in the text.
func html(t *testing.T, markdown string) string {
	t.Helper()
	var b bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(markdown), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// seen is the text of a page between its tags; what goldmark leaves out stands where a separator was.
func seen(html string) []string {
	return regexp.MustCompile(`<[^>]*>`).Split(html, -1)
}

var hostile = []string{
	"www.evil.example", "(www.evil.example)", "WWW.evil.example", "https://evil.example", "ftp://evil.example/x", "mailto:a@evil.example",
	"#1", "x #12, #13", "acme/shop#1", "GH-2", "gh-2", "(GH-2)", "@dana", "a@dana", "@acme/release", "dana@evil.example",
	"acme/shop@0123456789abcdef0123456789abcdef01234567", "0123456789abcdef0123456789abcdef01234567", "abcdef0", "ABCDEF01",
	"# head", "- item", "+ item", "1. item", "1) item", "> quote", "=====", "---", "```", "`code`", "*b* _i_ ~s~ **bb**", "| a | b |\n|---|---|",
	"[a](https://evil.example)", "![a](https://evil.example)", "<https://evil.example>", "<img src=x>", "&lt;b&gt;", "<!-- x", "--> x", "\\*x\\*",
	"[a]: https://evil.example", "[^1]", "- [ ] x", "$x$", "    code", "a\nb", "a\r\n\r\n# b", "\u202eabc", "\x1b[31mred\x1b[0m",
}

func TestEscapedTextIsPlain(t *testing.T) {
	reference := regexp.MustCompile(`(?i)@\w|#\d|\bgh-\d|www\.\w|://|\b[0-9a-f]{7,40}\b`)
	for _, s := range hostile {
		for _, before := range []string{"", "- ", "It says: "} {
			page := html(t, before+escape(s))
			for _, tag := range regexp.MustCompile(`<[^!][^>]*>`).FindAllString(page, -1) {
				if !strings.Contains("<p></p><ul></ul><li></li>", tag) {
					t.Errorf("escape(%q) after %q has markup: %s", s, before, page)
				}
			}
			for _, text := range seen(page) {
				if got := reference.FindString(text); got != "" {
					t.Errorf("escape(%q) after %q leaves %q: %s", s, before, got, page)
				}
			}
		}
	}
}

// What is escaped must be read as it was written.
func TestEscapedTextIsWhole(t *testing.T) {
	for _, s := range hostile {
		want := strings.Join(strings.Fields(clean(s)), " ")
		page := strings.Join(seen(html(t, escape(s))), "")
		got := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&").Replace(strings.TrimSpace(page))
		if got != want {
			t.Errorf("escape(%q) is read as %q", s, got)
		}
	}
}

func TestEscapeLeavesOrdinaryTextAlone(t *testing.T) {
	for _, s := range []string{"", "go test", "payments → production", "a face-lift", "3 of 4, v1.2.3", "highlight", "awww. no"} {
		if got := escape(s); got != s {
			t.Errorf("escape(%q) = %q", s, got)
		}
	}
}

func TestCleanTakesTerminalCodesAway(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"\x1b[1;31mFAIL\x1b[0m x", "FAIL x"},
		{"\x1b]0;title\x07x", "x"},
		{"\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"},
		{"\u009b31mred", "red"},
		{"\x1b(Bx\x1b", "x"},
		{"10%\r50%\r100%\nnext\r\n", "100%\nnext\n"},
		{"a\x00b\x07c\bd\te\n", "abcd\te\n"},
		{"a\u202eb\u200bc\ufeffd", "abcd"},
		{"a\xffb", "a\ufffdb"},
	} {
		if got := clean(c.in); got != c.want {
			t.Errorf("clean(%q) = %q, not %q", c.in, got, c.want)
		}
	}
}
