// Package hook sends webhooks as GitHub does: real payloads, right signatures, a new delivery id each time, over a few connections that
// stay open. It goes to loopback alone, so that nobody's server is ever put under load by mistake.
package hook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/slipway-cd/slipway/app/standin/contract"
)

// Message is one webhook to be sent.
type Message struct {
	Event     string
	Body      []byte
	Signature string // X-Hub-Signature-256
	Header    string // more header lines, each with its line end; "" is none
}

// Sign makes a message with the webhook's secret.
func Sign(secret, event string, body []byte) Message {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return Message{Event: event, Body: body, Signature: "sha256=" + hex.EncodeToString(mac.Sum(nil))}
}

// Source gives the message of each number, from 0 on. It is called by many goroutines, each number once.
type Source func(n int64) Message

// Cycle gives messages one after the other, again and again: event by event, of each event its payloads in turn, so that an event with many
// examples is not sent more often than one with few.
func Cycle(events [][]Message) Source {
	return func(n int64) Message {
		kinds := int64(len(events))
		of := events[n%kinds]
		return of[(n/kinds)%int64(len(of))]
	}
}

// Examples are the payloads that GitHub shows as examples of the events, signed. An event without any is an error.
func Examples(secret string, events ...string) ([][]Message, error) {
	var problems complaints
	rules := contract.New(&problems)
	var all [][]Message
	for _, event := range events {
		var of []Message
		for _, body := range rules.Examples(event) {
			of = append(of, Sign(secret, event, body))
		}
		if len(of) == 0 {
			return nil, fmt.Errorf("there are no examples of the event %q", event)
		}
		all = append(all, of)
	}
	return all, errors.Join(problems...)
}

// Example is the first example of an event for which fits says so, as a tree that can be changed.
func Example(event string, fits func(map[string]any) bool) (map[string]any, error) {
	var problems complaints
	for _, body := range contract.New(&problems).Examples(event) {
		var tree map[string]any
		if err := json.Unmarshal(body, &tree); err != nil {
			return nil, fmt.Errorf("reading an example of %s: %w", event, err)
		}
		if fits(tree) {
			return tree, nil
		}
	}
	return nil, errors.Join(append(problems, fmt.Errorf("no example of the event %q fits", event))...)
}

// complaints collects what a contract reports.
type complaints []error

// Helper does nothing: there is no test.
func (*complaints) Helper() {}

// Errorf keeps a complaint.
func (c *complaints) Errorf(format string, args ...any) { *c = append(*c, fmt.Errorf(format, args...)) }
