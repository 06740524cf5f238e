package handlers

import (
	"bufio"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	terminal "github.com/buildkite/terminal-to-html/v3"

	"github.com/slipway-cd/slipway/app"
)

// logKey is the name of a program's log.
func logKey(at app.Address, task string, k app.Key) string {
	return app.RowKey(at, fmt.Sprintf("%s/%d", task, k))
}

// logPage shows a log, and goes on showing it while the program runs. With ?raw it is plain text; with ?from=N it begins at that byte.
func (w *Web) logPage(rw http.ResponseWriter, r *http.Request, key string) {
	from, err := strconv.ParseInt(r.FormValue("from"), 10, 64)
	if err != nil || from < 0 {
		from = 0
	}
	log, err := w.Logs.Logs(r.Context(), key, from)
	if errors.Is(err, fs.ErrNotExist) || app.KindOf(err) == app.ErrNotFound {
		http.Error(rw, "There is no log yet, or it was too old and has been dropped.", http.StatusNotFound)
		return
	}
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	defer log.Close()
	out := http.NewResponseController(rw)
	out.SetWriteDeadline(time.Time{}) // as long as the program runs
	if r.Form.Has("raw") {
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		stream(rw, out, log, func(line string) string { return line })
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(rw, logHead, html.EscapeString(key))
	stream(rw, out, log, line)
	io.WriteString(rw, logFoot)
}

// stream writes a log line by line, and hands on what there is whenever nothing more is at hand.
func stream(w io.Writer, out *http.ResponseController, log io.Reader, show func(string) string) {
	in := bufio.NewReaderSize(log, 64<<10)
	out.Flush()
	for {
		text, err := in.ReadString('\n')
		if text != "" {
			if _, failed := io.WriteString(w, show(text)); failed != nil {
				return
			}
		}
		if err != nil {
			return
		}
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
}

// line is one line of a terminal as HTML, escaped.
func line(text string) string {
	return terminal.Render([]byte(strings.TrimRight(text, "\n"))) + "\n"
}

const logHead = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Log</title><style>
body{margin:0;background:#16181d;color:#e4e6ea;font:13px/1.5 ui-monospace,Menlo,Consolas,monospace}
header{padding:.8rem 1.2rem;background:#20232b;font:14px system-ui,sans-serif;overflow-wrap:anywhere}
a{color:#8ab4f8} pre{margin:0;padding:1rem 1.2rem;white-space:pre-wrap;overflow-wrap:anywhere}
.term-fg1{font-weight:700}.term-fg31{color:#ff7b72}.term-fg32{color:#7ee787}.term-fg33{color:#e3b341}.term-fg34{color:#79c0ff}.term-fg35{color:#d2a8ff}.term-fg36{color:#76e3ea}
</style></head><body><header>%s · <a href="?raw">as plain text</a></header><pre>`

const logFoot = "</pre></body></html>\n"
