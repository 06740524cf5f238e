package handlers

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/handlers/pages"
)

const (
	maxReaders = 100       // how many logs are read at once: each has a file and a connection for as long as its program runs
	maxLine    = 32 << 10  // how many bytes are shown as one line: what is longer is broken, so that an endless one can't take all memory
	lastPart   = 256 << 10 // how much of a long log is shown first, at least
)

// logPage shows a log, and goes on showing it while its program runs. Of a long one it shows the last part first; ?from=N begins at that
// byte, ?raw is plain text from there.
func (w *Web) logPage(rw http.ResponseWriter, r *http.Request, key string) {
	select {
	case w.readers <- struct{}{}:
		defer func() { <-w.readers }()
	default:
		busy := pages.Top{Title: "Too many readers", Refresh: pages.Later}
		render(rw, http.StatusServiceUnavailable, pages.Message(busy, "Too many logs are being read; this page tries again."))
		return
	}
	asked := r.URL.Query()
	q := logRequest{key: key, raw: asked.Has("raw"), end: !asked.Has("raw") && !asked.Has("from")}
	var err error
	if q.from, err = w.from(r.Context(), q, asked.Get("from")); err == nil {
		var log io.ReadCloser
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(w.stopped, cancel)()
		if log, err = w.Logs.Logs(ctx, key, q.from); err == nil {
			defer log.Close()
			w.show(rw, r, log, q)
			return
		}
	}
	if missing(err) {
		t := w.heading(r.Context(), key).Top
		t.Refresh, t.Class = pages.Soon, ""
		render(rw, http.StatusNotFound, pages.Message(t, "There is no log yet, or it was too old and has been dropped."))
		return
	}
	w.fail(rw, r, err)
}

// logRequest is what is asked for.
type logRequest struct {
	key  string
	from int64
	raw  bool
	end  bool // its end first
}

// show writes a log as it comes.
func (w *Web) show(rw http.ResponseWriter, r *http.Request, log io.Reader, q logRequest) {
	out := newSteady(rw, w.Clock, w.stopped.Done())
	defer out.end()
	rw.Header().Set("X-Accel-Buffering", "no") // a proxy that collects answers would hold it back until the program ends
	defer func() {
		if p := recover(); p != nil {
			w.Log.Error("showing a log", "panic", p, "stack", string(debug.Stack()))
			panic(http.ErrAbortHandler) // cut off, so that nobody takes it for whole
		}
	}()
	if q.raw {
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if r.Method != http.MethodHead {
			copyAsItComes(out, log)
		}
		return
	}
	page := w.heading(r.Context(), q.key)
	page.From, page.Follows = q.from, q.end
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	if r.Method == http.MethodHead {
		return
	}
	_, _ = out.Write(page.Before()) // an error is a reader who left, which the next write finds out too
	end := showLines(out, log, q.from > 0)
	_, _ = out.Write(page.After(end))
}

// copyAsItComes hands on what there is whenever there is something.
func copyAsItComes(out *steady, log io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := log.Read(buffer)
		if _, failed := out.Write(buffer[:n]); failed != nil || err != nil {
			return
		}
		if out.flush() != nil {
			return
		}
	}
}

// showLines writes a log line by line, hands on what there is whenever nothing more is at hand, and says how it ended. What is left of a
// line that began before is left out.
func showLines(out *steady, log io.Reader, inside bool) (end string) {
	in, s := bufio.NewReaderSize(log, maxLine), pages.NewScreen()
	if out.flush() != nil {
		return ""
	}
	for {
		text, err := in.ReadSlice('\n')
		if whole := bytes.HasSuffix(text, []byte("\n")); inside {
			inside, text = !whole, nil
		}
		if len(text) > 0 {
			if _, failed := io.WriteString(out, s.Line(text)); failed != nil {
				return ""
			}
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return "The log ends here."
		case err != nil:
			return "Reading was interrupted here; load the page again to go on."
		}
		if in.Buffered() == 0 && out.flush() != nil {
			return ""
		}
	}
}

// from is the byte at which a log begins to be shown.
func (w *Web) from(ctx context.Context, q logRequest, given string) (int64, error) {
	if q.end {
		return w.lastPart(ctx, q.key)
	}
	n, err := strconv.ParseInt(given, 10, 64)
	if err != nil || n < 0 {
		return 0, nil
	}
	return n, nil
}

// lastPart is where the last part of a log begins, at least lastPart bytes before its end and less than twice as much; 0 if it is short.
// A log is not asked how long it is, for it grows: it is tried where it still has something.
func (w *Web) lastPart(ctx context.Context, key string) (int64, error) {
	parts := int64(1) // so many are known to be there
	for parts < 1<<20 {
		more, err := w.reaches(ctx, key, 2*parts*lastPart)
		if err != nil {
			return 0, err
		}
		if !more {
			break
		}
		parts *= 2
	}
	for step := parts / 2; step > 0; step /= 2 {
		more, err := w.reaches(ctx, key, (parts+step)*lastPart)
		if err != nil {
			return 0, err
		}
		if more {
			parts += step
		}
	}
	return (parts - 1) * lastPart, nil
}

// reaches says whether a log has something at an offset. Its context ends before it is read, so that it never waits.
func (w *Web) reaches(ctx context.Context, key string, offset int64) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log, err := w.Logs.Logs(ctx, key, offset)
	if err != nil {
		return false, err
	}
	defer log.Close()
	cancel()
	n, _ := log.Read(make([]byte, 1))
	return n > 0, nil
}

// heading tells whose log it is. What can't be found out is left out: the log matters more.
func (w *Web) heading(ctx context.Context, key string) pages.Log {
	machine, want, _ := strings.Cut(key, "#")
	task, number, _ := strings.Cut(want, "/")
	n, _ := strconv.ParseInt(number, 10, 64)
	at, err := app.ParseAddress(machine)
	if err != nil {
		return pages.AnyLog()
	}
	switch at.Kind {
	case app.KindRun:
		if repo, run, err := w.States.ShowRun(ctx, at); err == nil {
			return w.view().CheckLog(repo, run, app.Key(n))
		}
	case app.KindLane:
		if repo, lane, err := w.States.ShowLane(ctx, at); err == nil {
			return w.view().DeploymentLog(repo, lane, task, app.Key(n))
		}
	}
	return pages.AnyLog()
}
