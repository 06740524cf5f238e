package handlers

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/slipway-cd/slipway/app"
)

//go:embed pages
var pageFiles embed.FS

// pages is the templates, and the policy that lets nothing but their own style into a browser.
type pages struct {
	all    *template.Template
	policy string
}

// newPages reads the templates. They are part of the program, so one that can't be read is a mistake in it.
func newPages(clock app.Clock) *pages {
	style, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		panic(err)
	}
	now := func() moment { return moment{clock.Now()} }
	funcs := template.FuncMap{
		"short": func(s app.SHA) string { return s.Short() },
		"tone":  tone, "terminal": terminalText, "words": words, "mark": mark, "lasted": lasted, "inline": inline,
		"when": func(t time.Time) template.HTML { return now().when(t) },
		"day":  func(t time.Time) string { return now().day(t) },
	}
	all := template.Must(template.New("").Funcs(funcs).Parse(`{{define "style"}}<style>` + string(style) + `</style>{{end}}`))
	p := &pages{all: template.Must(all.ParseFS(pageFiles, "pages/*.html"))}
	drawn, err := p.draw("style", nil)
	if err != nil {
		panic(err)
	}
	p.policy = policy(string(drawn))
	return p
}

// policy allows one style, known by its hash, and no more: no script, picture, font, frame, form or connection.
func policy(style string) string {
	text := strings.TrimSuffix(strings.TrimPrefix(style, "<style>"), "</style>")
	sum := sha256.Sum256([]byte(text))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// draw is a template as it looks now. What others wrote is escaped by the templates; what could not be seen in it, or would turn the
// direction of what follows, is left out here.
func (p *pages) draw(name string, data any) ([]byte, error) {
	var drawn bytes.Buffer
	err := p.all.ExecuteTemplate(&drawn, name, data)
	return bytes.Map(visible, drawn.Bytes()), err
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

// crumb is a step of the way to a page.
type crumb struct{ Name, Address string }

// top is the head of every page.
type top struct {
	Title   string
	Crumbs  []crumb
	Refresh int    // after so many seconds; 0 is never
	Class   string // of a page that looks otherwise
}

// render writes a page, whole or not at all.
func (w *Web) render(rw http.ResponseWriter, status int, name string, data any) {
	drawn, err := w.pages.draw(name, data)
	if err != nil {
		w.Log.Error("drawing a page", "page", name, "error", err)
		http.Error(rw, "This page can't be drawn; slipway's log says why.", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(status)
	// An error here is a reader who left.
	_, _ = rw.Write(drawn)
}

// messageView is a page of one sentence.
type messageView struct {
	top
	Text string
}

func (w *Web) message(rw http.ResponseWriter, status int, t top, text string) {
	w.render(rw, status, "message.html", messageView{t, text})
}

// fail answers where what a page shows can't be read. Those who have its address may know whether it is there.
func (w *Web) fail(rw http.ResponseWriter, r *http.Request, err error) {
	if missing(err) {
		w.message(rw, http.StatusNotFound, top{Title: "Not here"}, "There is nothing of that name, or it was too old and has been dropped.")
		return
	}
	if r.Context().Err() == nil {
		w.Log.Error("reading what a page shows", "page", route(r), "error", err)
	}
	w.message(rw, http.StatusInternalServerError, top{Title: "Not now"}, "This can't be read at the moment; try again. slipway's log says why.")
}

func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || app.KindOf(err) == app.ErrNotFound
}

// address reads a subject that is a machine's address. We signed it, so anything else is a mistake of ours.
func address(subject string, kind app.Kind) (app.Address, error) {
	at, err := app.ParseAddress(subject)
	if err != nil || at.Kind != kind {
		return at, &app.Error{Op: fmt.Sprintf("reading %.100q", subject), Kind: app.ErrNotFound}
	}
	return at, nil
}
