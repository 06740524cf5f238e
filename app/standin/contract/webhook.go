package contract

import (
	"encoding/json"
	"fmt"
)

// Webhook holds the body of a delivery against the schema of its event and action. An event without a schema is let pass, and
// listed by Unknown.
func (c *Contract) Webhook(event string, body []byte) {
	c.reporter.Helper()
	var head struct {
		Action string `json:"action"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		c.report("webhook "+event, []string{"the body is no JSON object: " + err.Error()})
		return
	}
	where := "webhook " + event
	if head.Action != "" {
		where += " " + head.Action
	}
	c.count(where)
	violations, known := c.checkWebhook(event, head.Action, body)
	if !known {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.unknown[event] = true
		return
	}
	c.report(where, violations)
}

// checkWebhook says what the body breaks; false if the event has no schema.
func (l *loaded) checkWebhook(event, action string, body []byte) ([]string, bool) {
	name := event + "$" + action
	if _, ok := l.schemas.webhooks[event+"$event"]; ok { // an event without actions
		name = event + "$event"
	}
	schema, ok, err := l.schemas.webhook(name)
	if err != nil {
		return []string{err.Error()}, true
	}
	if !ok {
		if l.schemas.knowsEvent(event) {
			return []string{fmt.Sprintf("the event has no action %q", action)}, true
		}
		return nil, false
	}
	value, err := decode(body)
	if err != nil {
		return []string{"the body is no JSON: " + err.Error()}, true
	}
	if err := schema.Validate(value); err != nil {
		return []string{reason(err)}, true
	}
	return nil, true
}
