package handlers

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

const (
	maxBody   = 25 << 20 // the largest webhook that GitHub sends
	smallBody = 1 << 20  // what is read without waiting for a turn
	firstRead = 4 << 10  // of a body that does not say how long it is
	bigBodies = 4        // how many bodies may be beyond smallBody at once
	usual     = 64 << 10 // most bodies are smaller: what holds such a one is used again
)

// bodies reads what is posted. Nobody has been verified by then, so what a stranger can make slipway hold is bounded: a body's announced
// length is not believed beyond smallBody, and what is larger takes turns. It is safe for concurrent use.
type bodies struct {
	turns chan struct{}
	spare *sync.Pool // of *[]byte
}

func newBodies() bodies {
	return bodies{turns: make(chan struct{}, bigBodies), spare: &sync.Pool{New: func() any { return new([]byte) }}}
}

// room is an empty buffer of at least that size.
func (b bodies) room(size int64) []byte {
	if size > usual {
		return make([]byte, 0, min(size, smallBody))
	}
	spare := *b.spare.Get().(*[]byte)
	if int64(cap(spare)) < size {
		return make([]byte, 0, usual)
	}
	return spare[:0]
}

// giveBack takes a body that nobody needs any more.
func (b bodies) giveBack(body []byte) {
	if cap(body) == usual {
		b.spare.Put(&body)
	}
}

// read gives a body whole, or why it is refused. A body that is cut off by its sender is refused: its signature would not fit either.
func (b bodies) read(r *http.Request) ([]byte, *answer) {
	size := r.ContentLength
	if size < 0 {
		size = firstRead
	}
	size++ // for the read that finds the end
	body, err := fill(r.Body, b.room(size), smallBody)
	if err == nil && len(body) == smallBody && r.ContentLength != smallBody {
		select {
		case b.turns <- struct{}{}:
			defer func() { <-b.turns }()
		case <-r.Context().Done():
			return nil, &answer{http.StatusBadRequest, "the sender left\n"}
		}
		body, err = fill(r.Body, body, maxBody+1)
	}
	switch {
	case err != nil:
		return nil, &answer{http.StatusBadRequest, "the body ended too early\n"}
	case len(body) > maxBody:
		a := tooLarge()
		return nil, &a
	}
	return body, nil
}

func tooLarge() answer {
	return answer{http.StatusRequestEntityTooLarge, "a webhook has at most 25 MB\n"}
}

// fill appends what r has to buffer, until r ends or the buffer holds most bytes. It grows the buffer only when it is full.
func fill(r io.Reader, buffer []byte, most int) ([]byte, error) {
	for len(buffer) < most {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, 0)[:len(buffer)]
		}
		n, err := r.Read(buffer[len(buffer):min(cap(buffer), most)])
		buffer = buffer[:len(buffer)+n]
		if errors.Is(err, io.EOF) {
			return buffer, nil
		}
		if err != nil {
			return buffer, err
		}
	}
	return buffer, nil
}
