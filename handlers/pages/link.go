package pages

import (
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// link leads to a page of ours. Without an address it is what it holds, and leads nowhere.
func link(address string, what ...g.Node) g.Node {
	if !isWeb(address) {
		return g.Group(what)
	}
	return h.A(h.Href(address), g.Group(what))
}

// away leads to an address that others chose, and does not tell it where the reader comes from.
func away(address, text string) g.Node {
	if !isWeb(address) {
		return g.Text(text)
	}
	return h.A(h.Href(address), h.Rel("noreferrer"), g.Text(text))
}

// isWeb says whether a browser may be sent to an address: whoever chose it must not get a script run.
func isWeb(address string) bool {
	return strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
}
