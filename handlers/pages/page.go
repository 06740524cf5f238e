// Package pages is what people see in a browser: what stands where goes in, HTML comes out. Nothing in it reads or waits.
//
// HTML is written by functions that escape what they are handed, so what others wrote is text wherever it stands; link.go decides where a
// link may lead. Only a program's output (terminal.go) and the style come with tags of their own.
//
// lane.go, run.go, repository.go, log.go and message.go are a page each; parts.go is what they share, says.go and words.go how they say it.
package pages

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"strconv"
	"time"
	"unicode"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"github.com/slipway-cd/slipway/app"
)

//go:embed style.css
var style string

// View is what all pages are drawn with: the addresses of others, and the time that they tell from.
type View struct {
	Links Links
	Now   time.Time
}

// Links makes the addresses of pages.
type Links interface {
	Run(repo app.RepoID, commit app.SHA) string
	Lane(at app.Address) string
	Repository(repo app.RepoID) string
	Log(key string) string
}

// How many seconds pass before a page is loaded again: while something happens by itself, and while somebody is waited for.
const (
	Soon  = 5
	Later = 30
)

// Policy is the Content-Security-Policy of every page: one style, known by its hash, and no more. No script, picture, font, frame, form or
// connection.
func Policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// Crumb is a step of the way to a page.
type Crumb struct{ Name, Address string }

// Top is the head of every page.
type Top struct {
	Title   string
	Crumbs  []Crumb
	Refresh int    // after so many seconds; 0 is never
	Class   string // of a page that looks otherwise
}

// document is a whole page. What could not be seen in it, or would turn the direction of what follows, is left out.
func document(t Top, body ...g.Node) []byte {
	page := h.Doctype(h.HTML(h.Lang("en"),
		h.Head(
			h.Meta(h.Charset("utf-8")),
			h.Meta(h.Name("viewport"), h.Content("width=device-width, initial-scale=1")),
			h.Meta(h.Name("robots"), h.Content("noindex")),
			g.If(t.Refresh > 0, h.Meta(g.Attr("http-equiv", "refresh"), h.Content(strconv.Itoa(t.Refresh)))),
			h.TitleEl(g.Text(t.Title)),
			h.StyleEl(g.Raw(style)),
		),
		h.Body(
			g.If(t.Class != "", h.Class(t.Class)),
			h.Nav(way(t.Crumbs)),
			g.Group(body),
		),
	))
	var drawn bytes.Buffer
	_ = page.Render(&drawn) // a buffer takes everything
	return bytes.Map(visible, drawn.Bytes())
}

func way(crumbs []Crumb) g.Node {
	var all g.Group
	for i, c := range crumbs {
		if i > 0 {
			all = append(all, g.Text(" › "))
		}
		all = append(all, link(c.Address, g.Text(c.Name)))
	}
	return all
}

// visible leaves out control characters, but for tabs and ends of lines, and marks of direction: what is read must be what is there.
func visible(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c:
		return -1
	}
	return r
}
