package pages

import (
	"strings"
	"testing"

	g "maragu.dev/gomponents"
)

func drawn(t *testing.T, n g.Node) string {
	t.Helper()
	var b strings.Builder
	if err := n.Render(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSentences(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain", "plain"},
		{"a `b` c", "a <code>b</code> c"},
		{"a ``b ` c``", "a <code>b ` c</code>"},
		{"**bold** `**not**`", "<strong>bold</strong> <code>**not**</code>"},
		{"**open", "**open"},
		{"a ` b", "a ` b"},
		{`\*\*no\*\* \<b\> \\`, "**no** &lt;b&gt; \\"},
		{"&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"},
		{"@<!-- -->ben :<!-- -->//x", "@ben ://x"},
		{"<b>`<i>`</b>", "&lt;b&gt;<code>&lt;i&gt;</code>&lt;/b&gt;"},
		{"[a](javascript:x) ![b](y)", "[a](javascript:x) ![b](y)"},
		{"**a `b**` c", "<strong>a <code>b**</code> c</strong>"},
		{"", ""}, {`\`, `\`}, {"ä→`ü`", "ä→<code>ü</code>"},
	} {
		if got := drawn(t, inline(c.in)); got != c.want {
			t.Errorf("%q gives %q, want %q", c.in, got, c.want)
		}
	}
}
