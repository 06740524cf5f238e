package standin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Delivery is a line of the App's delivery log.
type Delivery struct {
	ID          int64
	GUID        string // X-GitHub-Delivery, the same for redeliveries
	Event       string
	Action      string
	Redelivery  bool
	StatusCode  int // 0: no answer
	DeliveredAt time.Time
	Body        []byte
}

// Deliveries lists the delivery log, oldest first.
func (s *Server) Deliveries() []Delivery {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	var all []Delivery
	for _, d := range s.hooks.log {
		all = append(all, Delivery{d.id, d.guid, d.event, d.action, d.redelivery, d.statusCode, d.delivered, d.body})
	}
	return all
}

// keptFor is how long deliveries can be listed and redelivered.
const keptFor = 3 * 24 * time.Hour

func (h *hooks) kept() []*delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []*delivery
	for _, d := range slices.Backward(h.log) {
		if h.clock.Now().Sub(d.delivered) <= keptFor {
			list = append(list, d)
		}
	}
	return list
}

// listDeliveries answers GET /app/hook/deliveries, newest first, page by page with a cursor.
func listDeliveries(c *call) (*answer, error) {
	status := c.query("status")
	if status != "" && status != "success" && status != "failure" {
		return nil, invalid("%q is not a member of [\"success\", \"failure\"].", status)
	}
	before := int64(0)
	if cursor := c.query("cursor"); cursor != "" {
		id, err := strconv.ParseInt(strings.TrimPrefix(cursor, "v1_"), 10, 64)
		if err != nil {
			return nil, refuse(http.StatusUnprocessableEntity, "Invalid cursor")
		}
		before = id
	}
	size := c.perPage()
	items := []any{}
	var links []string
	for _, d := range c.s.hooks.kept() {
		if before > 0 && d.id > before || status == "success" && !d.ok() || status == "failure" && d.ok() {
			continue
		}
		if len(items) == size {
			links = append(links, c.link("cursor", fmt.Sprintf("v1_%d", d.id), "next"))
			break
		}
		items = append(items, d.json())
	}
	return &answer{status: http.StatusOK, body: items, links: links}, nil
}

func (d *delivery) json() object {
	var repository any
	if d.repositoryID != 0 {
		repository = d.repositoryID
	}
	return object{
		"id": d.id, "guid": d.guid, "delivered_at": stamp(d.delivered), "redelivery": d.redelivery, "duration": d.seconds, "status": d.status,
		"status_code": d.statusCode, "event": d.event, "action": nilIfEmpty(d.action), "installation_id": d.installationID,
		"repository_id": repository, "throttled_at": nil,
	}
}

func (c *call) delivery() (*delivery, error) {
	id, _ := strconv.ParseInt(c.vars["delivery"], 10, 64)
	for _, d := range c.s.hooks.kept() {
		if d.id == id {
			return d, nil
		}
	}
	return nil, notFound()
}

func getDelivery(c *call) (*answer, error) {
	d, err := c.delivery()
	if err != nil {
		return nil, err
	}
	flat := func(header http.Header) object {
		o := object{}
		for key := range header {
			o[key] = header.Get(key)
		}
		return o
	}
	o := d.json()
	o["url"] = d.url
	o["request"] = object{"headers": flat(d.request), "payload": json.RawMessage(d.body)}
	o["response"] = object{"headers": flat(d.answer), "payload": d.answerBody}
	return ok(o), nil
}

// redeliver answers POST /app/hook/deliveries/{id}/attempts: the same event again under the same GUID, as a line of its own in the log.
func redeliver(c *call) (*answer, error) {
	d, err := c.delivery()
	if err != nil {
		return nil, err
	}
	c.s.hooks.add(&delivery{
		guid: d.guid, event: d.event, action: d.action, body: d.body, installationID: d.installationID, repositoryID: d.repositoryID, redelivery: true,
	})
	return &answer{status: http.StatusAccepted, body: object{}}, nil
}
