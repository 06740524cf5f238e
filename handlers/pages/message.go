package pages

import (
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// Message is a page of one sentence.
func Message(t Top, sentence string) []byte {
	return document(t, h.H1(g.Text(t.Title)), h.P(g.Text(sentence)))
}
