package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// teller tells the story as it happens: in words with times, or one JSON object for each act.
type teller struct {
	out    io.Writer
	json   bool
	colour bool
	began  time.Time
}

func newTeller(out io.Writer, asJSON bool) *teller {
	f, isFile := out.(*os.File)
	colour := false
	if isFile && os.Getenv("NO_COLOR") == "" {
		info, err := f.Stat()
		colour = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return &teller{out: out, json: asJSON, colour: colour, began: time.Now()}
}

// act is how an act ended, as --json prints it.
type act struct {
	Act      string  `json:"act"`
	OK       bool    `json:"ok"`
	Seconds  float64 `json:"seconds"`
	Observed string  `json:"observed"`
}

// The colours, where the output is a terminal.
const (
	plain = "\x1b[0m"
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	green = "\x1b[32m"
	red   = "\x1b[31m"
)

func (t *teller) paint(colour, text string) string {
	if !t.colour {
		return text
	}
	return colour + text + plain
}

// title begins an act.
func (t *teller) title(text string) {
	if !t.json {
		fmt.Fprintf(t.out, "\n%s\n", t.paint(bold, text))
	}
}

// say tells one thing that happened.
func (t *teller) say(format string, args ...any) {
	if t.json {
		return
	}
	lines := strings.Split(fmt.Sprintf(format, args...), "\n")
	fmt.Fprintf(t.out, "%s  %s\n", t.paint(dim, fmt.Sprintf("%6.1fs", time.Since(t.began).Seconds())), lines[0])
	for _, l := range lines[1:] {
		fmt.Fprintf(t.out, "%s%s\n", strings.Repeat(" ", 9), t.paint(dim, "│ "+l))
	}
}

// end tells how an act ended.
func (t *teller) end(a act) {
	if t.json {
		line, err := json.Marshal(a)
		if err != nil {
			line = fmt.Appendf(nil, `{"act":%q,"ok":false}`, a.Act)
		}
		fmt.Fprintf(t.out, "%s\n", line)
		return
	}
	mark := t.paint(green, "✓")
	if !a.OK {
		mark = t.paint(red, "✗")
	}
	fmt.Fprintf(t.out, "%s %s %s\n", strings.Repeat(" ", 7), mark, a.Observed)
}
