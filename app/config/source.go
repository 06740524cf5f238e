package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// pos is a place in the file. Both start at 1; columns count characters.
type pos struct{ line, column int }

const emptyFile = "The file is empty. It needs version, such as version: 1."

// load turns bytes into the one document that they hold. What is wrong so far is one mistake: after it nothing can be read.
func load(data []byte) (root *yaml.Node, at pos, wrong string) {
	defer func() {
		if recover() != nil {
			root, at, wrong = nil, pos{}, "This is not YAML that slipway can read."
		}
	}()
	if len(data) > maxBytes {
		return nil, pos{}, fmt.Sprintf("The file has %d bytes, and at most %d are read. Move long commands into scripts.", len(data), maxBytes)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if at, wrong := unreadable(data); wrong != "" {
		return nil, at, wrong
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, pos{}, "This is not YAML that slipway can read."
	}
	root = new(yaml.Node)
	if err := loader.Load(root); errors.Is(err, io.EOF) {
		return nil, pos{}, emptyFile
	} else if err != nil {
		at, wrong = syntax(err, data)
		return nil, at, wrong
	}
	if at, wrong := second(loader, data); wrong != "" {
		return nil, at, wrong
	}
	return root, pos{}, ""
}

// second says what is wrong with whatever comes after the first document.
func second(loader *yaml.Loader, data []byte) (pos, string) {
	more := new(yaml.Node)
	err := loader.Load(more)
	switch {
	case errors.Is(err, io.EOF):
		return pos{}, ""
	case err != nil:
		return syntax(err, data)
	}
	return pos{more.Line, more.Column}, "A second document begins here. The file holds one: take out the line ---."
}

// unreadable finds the first character that has no place in a file, before the YAML reader stumbles over it without saying where. Line
// ends other than \n and \r\n are refused too: editors and GitHub would count lines differently.
func unreadable(data []byte) (pos, string) {
	at := pos{1, 1}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return at, "The file is not UTF-8 here. Save it as UTF-8."
		case r == '\r' && i+1 < len(data) && data[i+1] == '\n' || r == '\t':
		case r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff:
			return at, fmt.Sprintf("There is a control character here (U+%04X). Take it out.", r)
		}
		at.column++
		if r == '\n' {
			at = pos{at.line + 1, 1}
		}
		i += size
	}
	return pos{}, ""
}

// syntax says where a file stops being YAML, and why. The YAML reader gives up there, so nothing is known of the rest.
func syntax(err error, data []byte) (pos, string) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		return pos{}, "This is not YAML that slipway can read."
	}
	lines := strings.Split(string(data), "\n")
	at := clamp(pos{e.Mark.Line, e.Mark.Column}, lines)
	if at.line > 0 && indentedByTab(lines[at.line-1]) {
		return pos{at.line, 1}, "This line is indented with a tab. YAML takes spaces only."
	}
	return at, explain(e, at, lines)
}

// clamp moves a place at the end of the file, where there is nothing to see, to the end of the last line that has something.
func clamp(at pos, lines []string) pos {
	if at.line < 1 {
		return pos{}
	}
	for at.line > len(lines) || at.line > 1 && at.line == len(lines) && strings.TrimSpace(lines[at.line-1]) == "" {
		at = pos{at.line - 1, 1 << 30}
	}
	at.column = max(1, min(at.column, 1+utf8.RuneCountInString(strings.TrimRight(lines[at.line-1], "\r"))))
	return at
}

func indentedByTab(line string) bool {
	return strings.Contains(line[:len(line)-len(strings.TrimLeft(line, " \t"))], "\t")
}

// explain puts the YAML reader's words into ones that say what to do. What it does not know is passed on as it came.
func explain(e *yaml.LoadError, at pos, lines []string) string {
	from := pos{e.ContextMark.Line, e.ContextMark.Column}
	switch {
	case e.Message == "found character that cannot start any token":
		return fmt.Sprintf("Text can't begin with %s. Put it in quotes.", quote(runeAt(at, lines)))
	case e.Message == "mapping values are not allowed in this context":
		return `A colon has no place here. Put text that holds ": " in quotes, or check how the lines are indented.`
	case e.ContextMsg == "while parsing a flow sequence":
		return fmt.Sprintf("The list that opens at line %d, column %d is not closed: a comma or ] is missing.", from.line, from.column)
	case e.ContextMsg == "while parsing a flow mapping":
		return fmt.Sprintf("The brace that opens at line %d, column %d is not closed: a comma or } is missing.", from.line, from.column)
	case e.Message == "found unexpected end of stream" && e.ContextMsg == "while scanning a quoted scalar":
		return fmt.Sprintf("The quote that opens at line %d, column %d is not closed.", from.line, from.column)
	case e.Message == "found unknown escape character":
		return `\ and this character mean nothing in double quotes. Use single quotes, or write \\ for \.`
	case strings.HasPrefix(e.Message, "exceeded max depth"):
		return "This is nested too deeply."
	case e.Message == "did not find expected key" || e.Message == "did not find expected '-' indicator":
		return "This does not fit what is above it. Check how the lines are indented, and quotes and brackets."
	case strings.HasPrefix(e.Message, "unknown anchor"):
		return "YAML takes this for an alias, and it has no anchor (&) above it. Put text that begins with * in quotes."
	case e.ContextMsg == "while scanning an alias":
		return "YAML takes * for an alias. Put text that begins with it, such as a glob, in quotes."
	}
	return fmt.Sprintf("This is not YAML: %s.", e.Message)
}

func runeAt(at pos, lines []string) string {
	if at.line < 1 {
		return ""
	}
	line := []rune(lines[at.line-1])
	if at.column > len(line) {
		return ""
	}
	return string(line[at.column-1])
}
