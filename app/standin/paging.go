package standin

import (
	"fmt"
	"net/url"
	"strconv"
)

// Mistake is something that GitHub lets pass in silence although its client cannot have meant it. A test should require that there are none.
type Mistake struct {
	Method, Path string
	Kind         string // reopened, or per_page
	Detail       string
}

// Mistakes lists what clients did that GitHub ignores or cuts without a word: a completed check run that a write tries to reopen or to give
// another conclusion, a page of more than 100.
func (s *Server) Mistakes() []Mistake {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mistake(nil), s.mistakes...)
}

func (c *call) mistake(kind, detail string) {
	c.s.mistakes = append(c.s.mistakes, Mistake{Method: c.r.Method, Path: c.r.URL.Path, Kind: kind, Detail: detail})
}

func (c *call) query(name string) string { return c.r.URL.Query().Get(name) }

// perPage is the page's size: 30 by default, and 100 at most however much is asked for.
func (c *call) perPage() int {
	n, err := strconv.Atoi(c.query("per_page"))
	switch {
	case err != nil || n < 1:
		return 30
	case n > 100:
		c.mistake("per_page", c.query("per_page"))
		return 100
	}
	return n
}

// list answers one page of a list.
func (c *call) list(all []any) (*answer, error) {
	items, links := c.page(all)
	return &answer{status: 200, body: items, links: links}, nil
}

// listIn answers one page of a list within an object that also tells how many there are.
func (c *call) listIn(key string, all []any, more object) (*answer, error) {
	items, links := c.page(all)
	body := object{"total_count": len(all), key: items}
	for k, v := range more {
		body[k] = v
	}
	return &answer{status: 200, body: body, links: links}, nil
}

// page cuts one page out of a list, with the links to its neighbours.
func (c *call) page(all []any) ([]any, []string) {
	size := c.perPage()
	number, err := strconv.Atoi(c.query("page"))
	if err != nil || number < 1 {
		number = 1
	}
	last := (len(all) + size - 1) / size
	from, to := min((number-1)*size, len(all)), min(number*size, len(all))
	var links []string
	if number > 1 {
		links = append(links, c.link("page", strconv.Itoa(number-1), "prev"))
	}
	if number < last {
		links = append(links, c.link("page", strconv.Itoa(number+1), "next"), c.link("page", strconv.Itoa(last), "last"))
	}
	if number > 1 {
		links = append(links, c.link("page", "1", "first"))
	}
	return append([]any{}, all[from:to]...), links
}

// link is one entry of the Link header: this request with one parameter changed.
func (c *call) link(parameter, value, relation string) string {
	query := url.Values{}
	for key, values := range c.r.URL.Query() {
		query[key] = values
	}
	query.Set(parameter, value)
	return fmt.Sprintf(`<%s%s?%s>; rel="%s"`, c.s.url, c.r.URL.EscapedPath(), query.Encode(), relation)
}
