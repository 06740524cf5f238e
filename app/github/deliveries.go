package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	gh "github.com/google/go-github/v62/github"
)

// Delivery is one try to deliver a webhook.
type Delivery struct {
	ID          int64  // of this try; Redeliver takes it
	GUID        string // X-GitHub-Delivery: the same for all tries of one event
	Event       string
	Action      string
	DeliveredAt time.Time // by GitHub's clock
}

// FailedDeliveries lists the webhooks since a time that GitHub could not deliver, newest first. What was delivered by a later try is
// still listed: skip the GUIDs that are stored.
func (c *Client) FailedDeliveries(ctx context.Context, since time.Time) ([]Delivery, error) {
	var failed []Delivery
	query := url.Values{"status": {"failure"}, "per_page": {fmt.Sprint(perPage)}}
	for {
		var page []*gh.HookDelivery
		resp, err := send(ctx, c.self, http.MethodGet, "app/hook/deliveries?"+query.Encode(), nil, &page)
		if err != nil {
			return nil, c.fail("listing failed webhook deliveries", err)
		}
		for _, d := range page {
			if d.GetDeliveredAt().Before(since) {
				return failed, nil
			}
			if code := d.GetStatusCode(); code < 200 || code > 299 { // older servers do not know the filter
				failed = append(failed, Delivery{d.GetID(), d.GetGUID(), d.GetEvent(), d.GetAction(), d.GetDeliveredAt().Time})
			}
		}
		if resp.Cursor == "" || len(page) == 0 {
			return failed, nil
		}
		query.Set("cursor", resp.Cursor)
	}
}

// Redeliver asks GitHub to deliver a webhook again. It comes with the GUID that it had.
func (c *Client) Redeliver(ctx context.Context, id int64) error {
	_, err := send(ctx, c.self, http.MethodPost, fmt.Sprintf("app/hook/deliveries/%d/attempts", id), nil, nil)
	if statusOf(err) == http.StatusAccepted {
		return nil
	}
	return c.fail(fmt.Sprintf("asking for webhook delivery %d again", id), err)
}
