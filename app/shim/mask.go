package shim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
)

// mask is what stands in the log where a secret was written.
const maskText = "***"

// minDerived is the fewest bytes of a line of a secret, or of an encoded form, that is masked for itself: shorter ones are
// words that a log is full of. A whole value is masked whatever its length.
const minDerived = 6

// masker writes on what it is given, with every occurrence of a secret replaced, also where an occurrence is split over many
// writes. It holds back no more than what could still become a secret; Flush lets that go. It is not safe for concurrent use.
type masker struct {
	to       io.Writer
	patterns [][]byte
	held     []byte // the end of what came, which may be the beginning of a secret
	covered  int    // so many bytes of held belong to an occurrence whose mask has been written
}

func newMasker(to io.Writer, secrets []string) *masker {
	return &masker{to: to, patterns: patterns(secrets)}
}

// patterns are the forms in which a secret may be written: itself, without the line break that files end in, each of its
// lines, and the encodings that programs put into their messages.
func patterns(secrets []string) [][]byte {
	var all []string
	for _, secret := range secrets {
		whole := strings.TrimRight(secret, "\r\n")
		if strings.TrimSpace(whole) == "" {
			continue
		}
		all = append(all, whole)
		for _, form := range derived(secret, whole) {
			if len(form) >= minDerived {
				all = append(all, form)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return asBytes(all)
}

func derived(secret, whole string) []string {
	forms := []string{
		base64.StdEncoding.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte(whole)),
		base64.URLEncoding.EncodeToString([]byte(whole)),
		url.QueryEscape(whole),
		url.PathEscape(whole),
	}
	if quoted, err := json.Marshal(whole); err == nil {
		forms = append(forms, string(quoted[1:len(quoted)-1]))
	}
	if strings.ContainsAny(whole, "\r\n") {
		for line := range strings.Lines(whole) {
			forms = append(forms, strings.TrimSpace(line))
		}
	}
	return forms
}

// Write masks p together with what was held back.
func (m *masker) Write(p []byte) (int, error) {
	if len(m.patterns) == 0 {
		return m.to.Write(p)
	}
	data := append(m.held, p...)
	if err := m.emit(data, m.holdFrom(data)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what was held back: nothing more comes that could make it a secret.
func (m *masker) Flush() error { return m.emit(m.held, len(m.held)) }

// emit writes data up to end, and holds the rest back.
func (m *masker) emit(data []byte, end int) error {
	var out bytes.Buffer
	at := min(m.covered, end)
	covered := m.covered - at
	for _, s := range m.find(data) {
		if s.from >= end {
			break
		}
		if s.from >= m.covered { // else its mask has been written
			out.Write(data[at:s.from])
			out.WriteString(maskText)
		}
		at = min(s.to, end)
		covered = s.to - at
	}
	out.Write(data[at:end])
	m.held, m.covered = slices.Clone(data[end:]), covered
	_, err := m.to.Write(out.Bytes())
	return err
}

// span is a part of the data, half-open.
type span struct{ from, to int }

// find returns the parts of data that secrets cover; those that overlap are one, as is what the covered beginning reaches.
func (m *masker) find(data []byte) []span {
	var found []span
	if m.covered > 0 {
		found = append(found, span{0, m.covered})
	}
	for _, p := range m.patterns {
		for from := 0; ; from++ {
			i := bytes.Index(data[from:], p)
			if i < 0 {
				break
			}
			from += i
			found = append(found, span{from, from + len(p)})
		}
	}
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	return merge(found)
}

func merge(spans []span) []span {
	var merged []span
	for _, s := range spans {
		last := len(merged) - 1
		if last >= 0 && s.from < merged[last].to {
			merged[last].to = max(merged[last].to, s.to)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// holdFrom is where the longest end of data begins that is the beginning of a secret.
func (m *masker) holdFrom(data []byte) int {
	hold := len(data)
	for _, p := range m.patterns {
		for n := min(len(p)-1, len(data)); n > len(data)-hold; n-- {
			if bytes.Equal(data[len(data)-n:], p[:n]) {
				hold = len(data) - n
				break
			}
		}
	}
	return hold
}
