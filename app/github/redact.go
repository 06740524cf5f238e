package github

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const hidden = "[redacted]"

// shortest is how long a secret must be to be known by itself: to hide every "a" would hide that there is one.
const shortest = 6

// Redactor takes secrets out of texts: every form that GitHub gives its tokens, and the secrets that it was told. It is safe for
// concurrent use.
type Redactor struct {
	forms []form
	mu    sync.Mutex           // of writers
	known map[string]time.Time // and when they end; zero is never
	told  atomic.Pointer[strings.Replacer]
}

type form struct {
	pattern *regexp.Regexp
	instead string
}

// NewRedactor makes a redactor that knows these secrets, such as the webhook's, beside all forms of tokens. Very short ones are left
// out.
func NewRedactor(secrets ...string) *Redactor {
	r := &Redactor{known: map[string]time.Time{}, forms: []form{
		{regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\z)`), hidden},
		{regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)[^/\s"'@]+@`), "${1}" + hidden + "@"},
		{regexp.MustCompile(`(?i)\b(authorization["'\\]*\s*[:=]\s*\[?["'\\]*(?:(?:bearer|basic|token)\s+)?)[^\s"'\\,;\]]+`), "${1}" + hidden},
		{regexp.MustCompile(`(?i)\b((?:bearer|basic)\s+)[a-z0-9._~+/=-]{16,}`), "${1}" + hidden},
		{regexp.MustCompile(`\bgh[a-z]_[A-Za-z0-9_.~+/=-]{4,}`), hidden},
		{regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9_]{4,}`), hidden},
		{regexp.MustCompile(`\bv1\.[0-9a-f]{40}\b`), hidden},
		{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){1,2}`), hidden},
	}}
	r.Add(secrets...)
	return r
}

// Add makes further secrets known, for ever.
func (r *Redactor) Add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range secrets {
		if s = strings.TrimSpace(s); len(s) >= shortest {
			r.known[s] = time.Time{}
		}
	}
	r.rebuild()
}

// hold makes a token known until it ends, and drops those that have ended: they are worth nothing any more.
func (r *Redactor) hold(token string, until, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.known, func(_ string, end time.Time) bool { return !end.IsZero() && end.Before(now) })
	if forever, ok := r.known[token]; !ok || !forever.IsZero() {
		r.known[token] = until
	}
	r.rebuild()
}

// rebuild makes one replacer of all: as written, as JSON writes it, and as a password in a Basic header.
func (r *Redactor) rebuild() {
	var pairs []string
	longestFirst := func(a, b string) int { return len(b) - len(a) }
	for _, s := range slices.SortedFunc(maps.Keys(r.known), longestFirst) {
		pairs = append(pairs, s, hidden)
		if quoted, err := json.Marshal(s); err == nil && string(quoted) != `"`+s+`"` {
			pairs = append(pairs, string(quoted[1:len(quoted)-1]), hidden)
		}
		pairs = append(pairs, base64.StdEncoding.EncodeToString([]byte("x-access-token:"+s)), hidden)
	}
	r.told.Store(strings.NewReplacer(pairs...))
}

// String is s without secrets.
func (r *Redactor) String(s string) string {
	s = r.told.Load().Replace(s)
	for _, f := range r.forms {
		s = f.pattern.ReplaceAllString(s, f.instead)
	}
	return s
}

// Handler guards a log: whatever is written to next is without secrets, be it in messages, attributes, groups, errors or values.
func (r *Redactor) Handler(next slog.Handler) slog.Handler { return &guarded{next, r} }

type guarded struct {
	next   slog.Handler
	redact *Redactor
}

// Enabled is the guarded handler's answer.
func (g *guarded) Enabled(ctx context.Context, l slog.Level) bool { return g.next.Enabled(ctx, l) }

// Handle passes a clean copy of the record on.
func (g *guarded) Handle(ctx context.Context, rec slog.Record) error {
	clean := slog.NewRecord(rec.Time, rec.Level, g.redact.String(rec.Message), rec.PC)
	rec.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(g.redact.attr(a))
		return true
	})
	return g.next.Handle(ctx, clean)
}

// WithAttrs cleans the attributes once.
func (g *guarded) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &guarded{g.next.WithAttrs(g.redact.attrs(attrs)), g.redact}
}

// WithGroup opens a group.
func (g *guarded) WithGroup(name string) slog.Handler {
	return &guarded{g.next.WithGroup(name), g.redact}
}

func (r *Redactor) attrs(attrs []slog.Attr) []slog.Attr {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = r.attr(a)
	}
	return clean
}

func (r *Redactor) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		v = slog.StringValue(r.String(v.String()))
	case slog.KindGroup:
		v = slog.GroupValue(r.attrs(v.Group())...)
	case slog.KindAny:
		v = r.anyValue(v)
	}
	return slog.Attr{Key: r.String(a.Key), Value: v}
}

// anyValue keeps a value whose texts hold no secret, and turns one that does into its clean text. Handlers write errors and other
// values as text or as JSON, so both are looked at.
func (r *Redactor) anyValue(v slog.Value) slog.Value {
	if err, ok := v.Any().(error); ok {
		return slog.StringValue(r.String(err.Error()))
	}
	if raw, ok := v.Any().([]byte); ok {
		return slog.StringValue(r.String(string(raw)))
	}
	text := fmt.Sprintf("%+v", v.Any())
	clean := r.String(text)
	coded, err := json.Marshal(v.Any())
	if clean != text || (err == nil && r.String(string(coded)) != string(coded)) {
		return slog.StringValue(clean)
	}
	return v
}
