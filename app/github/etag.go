package github

import (
	"bytes"
	"container/list"
	"io"
	"maps"
	"net/http"
	"sync"
)

const (
	cachedBytes = 4 << 20         // of all installations together
	entryBytes  = cachedBytes / 8 // of one answer; a larger one is read anew each time
)

// revalidator asks GitHub each time, with the tag of the answer that it has. GitHub confirms a tag for free. It never answers by
// itself, as other HTTP caches do within GitHub's max-age: a gate would decide on what was true a minute ago.
type revalidator struct {
	next         http.RoundTripper
	answers      *answers
	installation int64
}

// RoundTrip sends the request, and puts the kept body into an answer that says it is still right.
func (v *revalidator) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		return v.next.RoundTrip(req)
	}
	key := answerKey{v.installation, req.URL.String(), req.Header.Get("Accept")}
	kept := v.answers.get(key)
	if kept != nil {
		req = req.Clone(req.Context())
		req.Header.Set("If-None-Match", kept.header.Get("Etag"))
	}
	resp, err := v.next.RoundTrip(req)
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusNotModified && kept != nil:
		return kept.confirmed(resp), nil
	case resp.StatusCode == http.StatusOK && resp.Header.Get("Etag") != "":
		return v.keep(key, resp)
	case resp.StatusCode < 500:
		v.answers.remove(key)
	}
	return resp, nil
}

// keep reads the body and remembers it, unless it is too large or breaks off.
func (v *revalidator) keep(key answerKey, resp *http.Response) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, entryBytes+1))
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	if len(body) > entryBytes {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), resp.Body), resp.Body}
		v.answers.remove(key)
		return resp, nil
	}
	resp.Body.Close()
	v.answers.put(&answer{key: key, header: resp.Header.Clone(), body: body})
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// answerKey holds the installation, so that what one may see is never shown to another.
type answerKey struct {
	installation int64
	url, accept  string
}

// answer is one body and its header. Neither is changed once it is kept.
type answer struct {
	key    answerKey
	header http.Header
	body   []byte
}

func (a *answer) size() int { return len(a.body) + len(a.key.url) + 1024 } // the header, about

// confirmed turns a 304 into the answer that it confirms: the kept header, with what is newer in that of the 304.
func (a *answer) confirmed(resp *http.Response) *http.Response {
	resp.Body.Close()
	header := a.header.Clone()
	fresh := resp.Header.Clone()
	fresh.Del("Content-Length")
	maps.Copy(header, fresh)
	resp.Status, resp.StatusCode = "200 OK", http.StatusOK
	resp.Header, resp.Body, resp.ContentLength = header, io.NopCloser(bytes.NewReader(a.body)), int64(len(a.body))
	return resp
}

// answers is what was read, bounded in bytes; what was not asked for longest goes first. Safe for concurrent use.
type answers struct {
	mu     sync.Mutex
	limit  int
	size   int
	recent *list.List // of *answer, the latest in front
	byKey  map[answerKey]*list.Element
}

func newAnswers(limit int) *answers {
	return &answers{limit: limit, recent: list.New(), byKey: map[answerKey]*list.Element{}}
}

func (s *answers) get(key answerKey) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byKey[key]
	if e == nil {
		return nil
	}
	s.recent.MoveToFront(e)
	return e.Value.(*answer)
}

func (s *answers) put(a *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(s.byKey[a.key])
	s.byKey[a.key] = s.recent.PushFront(a)
	s.size += a.size()
	for s.size > s.limit {
		s.take(s.recent.Back())
	}
}

func (s *answers) remove(key answerKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(s.byKey[key])
}

// drop forgets all of an installation.
func (s *answers) drop(installation int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, e := range s.byKey {
		if key.installation == installation {
			s.take(e)
		}
	}
}

func (s *answers) take(e *list.Element) {
	if e == nil {
		return
	}
	a := s.recent.Remove(e).(*answer)
	delete(s.byKey, a.key)
	s.size -= a.size()
}
