package pages

import (
	"strings"
	"testing"
)

func TestColors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain", "plain\n"},
		{"", "\n"},
		{"\x1b[31mred\x1b[0m not", "<span class=\"term-fg31\">red</span> not\n"},
		{"\x1b[1;32mok\x1b[m.", "<span class=\"term-fg32 term-fg1\">ok</span>.\n"},
		{"10%\r100%", "100%\n"},
		{"gone\x1b[2K\rleft", "left\n"},
		{"\x1b[38;5;196mx", "<span class=\"term-fgi91\">x</span>\n"},
		{"\x1b[0;48;5;4mx", "<span class=\"term-bg44\">x</span>\n"},
		{"\x1b[0;38;2;10;200;20mx", "<span class=\"term-fgi92\">x</span>\n"},
		{"\x1b[0;38;5;245mx", "<span class=\"term-fgi90\">x</span>\n"},
		{"\x1b[0m<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;\n"},
		{"tab\there", "tab\there\n"},
		{"\x1b]8;;https://evil.example\alink\x1b]8;;\a", "link\n"},
		{"\x1b]1338;url=https://evil.example/x.png\ax", "x\n"},
		{"\x1b]1337;File=name=eC5wbmc=;inline=1:AAAA\ax", "x\n"},
		{"\x1b]1339;url=javascript:x;content=y\x1b\\x", "x\n"},
		{"\x1b_bk;t=1234\ax", "x\n"},
		{"\x1b[5A\x1b[9999C\x1b[9999Bx\x1b[H\x1b[2J", "x\n"},
		{"\x1b[", "\n"}, {"\x1b", "\n"}, {"\x1b]8;;never closed", "\n"}, {"a\x1b[3\x01mb", "amb\n"},
		{"a\x00\x07\x0b\x7fb", "ab\n"}, {"\x1b[?25lx\x1b[>4;1mx", "xx\n"}, {"\x1b(Bx\x1b7\x1b8", "x\n"},
		{"\xff\xfe", "��\n"},
	} {
		s := NewScreen()
		if got := s.Line([]byte(c.in + "\n")); got != c.want {
			t.Errorf("%q gives %q, want %q", c.in, got, c.want)
		}
	}
}

func TestColorsGoOnOverLines(t *testing.T) {
	s := NewScreen()
	got := s.Line([]byte("\x1b[31mone\n")) + s.Line([]byte("two\n")) + s.Line([]byte("\x1b[0mthree\r\n"))
	if want := "<span class=\"term-fg31\">one</span>\n<span class=\"term-fg31\">two</span>\nthree\n"; got != want {
		t.Errorf("got %q", got)
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"\x1b[31mx\x1b[0m", "\x1b]8;;x\a", "a\rb\bc", "\x1b[38;5;1;48;2;1;2;3m", "<script>", "\x1b[38", "\x1b[;;;m", "\x1b[38;5", "ä\x1b_x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		s := NewScreen()
		html := s.Line(line)
		for rest := html; ; {
			_, after, found := strings.Cut(rest, "<")
			if !found {
				break
			}
			tag, left, _ := strings.Cut(after, ">")
			if tag != "/span" && !(strings.HasPrefix(tag, `span class="term-`) && strings.Trim(strings.TrimPrefix(tag, `span class="`), "abcdefghijklmnopqrstuvwxyz0123456789- ") == `"`) {
				t.Errorf("%q gives the tag %q", line, tag)
			}
			rest = left
		}
		if strings.ContainsAny(html, "\x1b\a\x00") || !strings.HasSuffix(html, "\n") {
			t.Errorf("%q gives %q", line, html)
		}
	})
}
