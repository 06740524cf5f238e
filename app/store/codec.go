package store

import (
	"encoding/json"
	"fmt"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// codec reads messages by the name under which they were stored.
type codec map[string]func([]byte) (app.Message, error)

// newCodec knows every message there is.
func newCodec() codec {
	c := codec{}
	learn[app.Pushed](c)
	learn[app.PullChanged](c)
	learn[app.MergeQueued](c)
	learn[app.Relabeled](c)
	learn[app.Commented](c)
	learn[app.CommentAltered](c)
	learn[app.PullReviewed](c)
	learn[app.Pressed](c)
	learn[app.Reported](c)
	learn[app.WorkflowRan](c)
	learn[app.ProtectionAsked](c)
	learn[app.Served](c)
	learn[app.Ready](c)
	learn[app.Changed](c)
	learn[app.Gone](c)
	learn[app.Removed](c)
	learn[app.Said](c)
	learn[app.Approved](c)
	learn[app.Unapproved](c)
	learn[app.Overrode](c)
	learn[app.Altered](c)
	learn[app.ApprovedAhead](c)
	learn[app.UnapprovedAhead](c)
	learn[checks.Opened](c)
	learn[checks.Withdrawn](c)
	learn[checks.Planned](c)
	learn[checks.Began](c)
	learn[checks.Finished](c)
	learn[checks.Noticed](c)
	learn[deploy.Judged](c)
	learn[deploy.Began](c)
	learn[deploy.Deployed](c)
	learn[deploy.Probed](c)
	learn[deploy.Restored](c)
	learn[deploy.Lapsed](c)
	learn[deploy.Reviewed](c)
	learn[deploy.Asked](c)
	return c
}

func learn[M app.Message](c codec) {
	var m M
	c[m.Name()] = func(body []byte) (app.Message, error) {
		var m M
		if err := json.Unmarshal(body, &m); err != nil {
			return nil, fmt.Errorf("reading a message %s: %w", m.Name(), err)
		}
		return m, nil
	}
}

// encode refuses what could not be read again.
func (c codec) encode(m app.Message) (name string, body []byte, err error) {
	if m == nil {
		return "", nil, fmt.Errorf("a letter without a message can't be stored")
	}
	name = m.Name()
	if c[name] == nil {
		return "", nil, fmt.Errorf("the store does not know messages named %q", name)
	}
	if body, err = json.Marshal(m); err != nil {
		return "", nil, fmt.Errorf("writing a message %s: %w", name, err)
	}
	return name, body, nil
}

func (c codec) decode(name string, body []byte) (app.Message, error) {
	read := c[name]
	if read == nil {
		return nil, fmt.Errorf("this slipway does not know messages named %q", name)
	}
	return read(body)
}

// addressText is an address as it is stored; what concerns no machine has the zero address.
func addressText(a app.Address) string {
	if a == (app.Address{}) {
		return ""
	}
	return a.String()
}

func parseAddress(s string) (app.Address, error) {
	if s == "" {
		return app.Address{}, nil
	}
	return app.ParseAddress(s)
}
