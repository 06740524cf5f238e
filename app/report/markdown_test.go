package report

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestOnlyAddressesOfTheWebAreLinked(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"", "log"},
		{"https://ci.example/1?a=b&c=%20d#e", "[log](https://ci.example/1?a=b&c=%20d#e)"},
		{"http://ci.example/a_b", "[log](http://ci.example/a_b)"},
		{"https://ci.example/a) [x](https://evil.example", "[log](https://ci.example/a%29%20%5Bx%5D%28https://evil.example)"},
		{"https://ci.example/<b>", "[log](https://ci.example/%3Cb%3E)"},
		{"https://ci.example/ä\\", "[log](https://ci.example/%C3%A4%5C)"},
		{"https://ci.example/a\nb", "log"},
		{"https://ci.example/a\x00b", "log"},
		{"javascript:alert(1)", "log"},
		{"data:text/html,x", "log"},
		{"ftp://ci.example/", "log"},
		{"//ci.example/", "log"},
		{"/log", "log"},
		{"https:///x", "log"},
		{"https://ci.example/" + strings.Repeat("a", 5_000), "log"},
	} {
		if got := link("log", c.address); got != c.want {
			t.Errorf("link to %q is %q, not %q", c.address, got, c.want)
		}
	}
}

func TestTailKeepsTheEndInsideItsFence(t *testing.T) {
	for name, text := range map[string]string{
		"lines":     strings.Repeat("a line of a log\n", 10_000) + "the end",
		"one line":  strings.Repeat("x", 200_000) + "the end",
		"wide":      strings.Repeat("é", 100_000) + "the end",
		"backticks": strings.Repeat("`", 200_000) + "\nthe end",
		"more":      strings.Repeat("`", 60_000) + "the end",
		"short":     "```\nthe end\n",
	} {
		got := tail(text)
		if len(got) > maxText || !utf8.ValidString(got) {
			t.Errorf("%s: %d bytes, valid: %v", name, len(got), utf8.ValidString(got))
		}
		first, rest, _ := strings.Cut(strings.TrimPrefix(got, "The last lines:\n\n"), "text\n")
		if strings.Trim(first, "`") != "" || len(first) < 3 {
			t.Errorf("%s: begins %.40q", name, got)
			continue
		}
		body, closed := strings.CutSuffix(rest, "\n"+first)
		if !closed || strings.Contains(body, first) || !strings.HasSuffix(body, "the end") {
			t.Errorf("%s: ends %q", name, got[max(0, len(got)-40):])
		}
		if name == "lines" && !strings.HasPrefix(body, "a line of a log\n") {
			t.Errorf("%s: begins within a line: %.40q", name, body)
		}
	}
}

func TestTailOfNothingSaysSo(t *testing.T) {
	for _, text := range []string{"", "\n\n", " \x1b[0m\r\n"} {
		if got := tail(text); got != "It wrote nothing." {
			t.Errorf("tail(%q) = %q", text, got)
		}
	}
}

func TestQuietSentencesCallNobody(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"1 of 2 approvals (@dana, 10:12). Next: someone from @acme/release.", "1 of 2 approvals (@<!-- -->dana, 10:12). Next: someone from @<!-- -->acme/release."},
		{"It says `@dana` and a@b.example, @ noon.", "It says `@dana` and a@b.example, @ noon."},
		{"@é @_x @", "@<!-- -->é @<!-- -->_x @"},
	} {
		if got := quiet(c.in); got != c.want {
			t.Errorf("quiet(%q) = %q, not %q", c.in, got, c.want)
		}
	}
}

func TestSentencesStayOneLine(t *testing.T) {
	got := sentence("a\n\n# b\x1b[31m `" + strings.Repeat("x", 5_000) + "`")
	if strings.Contains(got, "\n") || strings.Count(got, "`")%2 != 0 || utf8.RuneCountInString(got) > maxSentence+1 {
		t.Errorf("%.60q… of %d bytes", got, len(got))
	}
}

func TestCutSaysThatItCut(t *testing.T) {
	got := cut(strings.Repeat("a line\n", 1_000), 500)
	if len(got) > 500 || !strings.HasPrefix(got, "a line\na line\n") || !strings.HasSuffix(got, "a line\n\n… cut here: it is too long for GitHub.") {
		t.Errorf("%q", got)
	}
	if got := cut("short", 500); got != "short" {
		t.Errorf("%q", got)
	}
}
