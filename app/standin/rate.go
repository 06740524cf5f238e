package standin

import (
	"net/http"
	"strconv"
	"time"
)

// rate counts what one principal spent.
type rate struct {
	used    int
	resets  time.Time
	content []time.Time // when it created content, within the last hour
}

func (s *Server) rate(who *principal) *rate {
	r := s.rates[who.name()]
	if r == nil {
		r = &rate{}
		s.rates[who.name()] = r
	}
	if now := s.now(); !now.Before(r.resets) {
		r.used, r.resets = 0, now.Add(time.Hour)
	}
	return r
}

// spend counts this request against the caller's limits and refuses it beyond them.
func (c *call) spend() error {
	r := c.s.rate(c.who)
	if r.used >= c.s.opts.Limits.PerHour {
		return refuse(http.StatusForbidden, "API rate limit exceeded for "+c.who.name()+".")
	}
	r.used++
	if c.r.Method == http.MethodGet || c.who.app {
		return nil
	}
	return c.spendContent(r)
}

// spendContent keeps the secondary limit on what is created.
func (c *call) spendContent(r *rate) error {
	now, limits := c.s.opts.Clock.Now(), c.s.opts.Limits
	var hour []time.Time
	minute := 0
	for _, at := range r.content {
		if at.After(now.Add(-time.Hour)) {
			hour = append(hour, at)
		}
		if at.After(now.Add(-time.Minute)) {
			minute++
		}
	}
	r.content = hour
	if limits.ContentPerMinute > 0 && minute >= limits.ContentPerMinute || limits.ContentPerHour > 0 && len(hour) >= limits.ContentPerHour {
		no := refuse(http.StatusForbidden, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
		no.header = http.Header{"Retry-After": {"60"}}
		return no
	}
	if limits.ContentPerMinute > 0 || limits.ContentPerHour > 0 {
		r.content = append(r.content, now)
	}
	return nil
}

// refund gives back what an unchanged answer cost: a 304 is free.
func (s *Server) refund(header http.Header, who *principal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rate(who); r.used > 0 {
		r.used--
	}
	s.rateHeaders(header, who)
}

func (s *Server) rateHeaders(header http.Header, who *principal) {
	r, limit := s.rate(who), s.opts.Limits.PerHour
	header.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, limit-r.used)))
	header.Set("X-RateLimit-Used", strconv.Itoa(r.used))
	header.Set("X-RateLimit-Reset", strconv.FormatInt(r.resets.Unix(), 10))
	header.Set("X-RateLimit-Resource", "core")
}

func getRateLimit(c *call) (*answer, error) {
	r, limit := c.s.rate(c.who), c.s.opts.Limits.PerHour
	core := object{"limit": limit, "remaining": max(0, limit-r.used), "used": r.used, "reset": r.resets.Unix()}
	return ok(object{"resources": object{"core": core, "search": core}, "rate": core}), nil
}
