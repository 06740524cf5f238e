package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
	"github.com/slipway-cd/slipway/.ci/bench/product"
)

// starts is how long it takes from starting the program until it has stored and accepted its first delivery.
type starts struct {
	New   figure.Summary `json:"new_data"`      // on an empty folder: the database is made
	Again figure.Summary `json:"existing_data"` // on what was there
}

// coldStarts starts slipway again and again.
func (b *bench) coldStarts(ctx context.Context) (*starts, error) {
	var fresh, again figure.Sample
	for i := range b.starts {
		folder := fmt.Sprintf("start-%d", i)
		for _, sample := range []*figure.Sample{&fresh, &again} {
			took, err := b.coldStart(ctx, folder)
			if err != nil {
				return nil, err
			}
			sample.Add(took)
		}
	}
	return &starts{fresh.Summary(), again.Summary()}, nil
}

func (b *bench) coldStart(ctx context.Context, folder string) (time.Duration, error) {
	began := time.Now()
	s, err := b.slipway(folder)
	if err != nil {
		return 0, err
	}
	if err := b.firstAccepted(ctx, s); err != nil {
		return 0, err
	}
	took := time.Since(began)
	return took, s.Stop()
}

// firstAccepted knocks every millisecond until a delivery is accepted.
func (b *bench) firstAccepted(ctx context.Context, s *product.Server) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	m := b.kinds[0].source(0)
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.Address+"/webhook", strings.NewReader(string(m.Body)))
		if err != nil {
			return err
		}
		req.Header = http.Header{
			"Content-Type": {"application/json"}, "X-Github-Event": {m.Event}, "X-Github-Delivery": {fmt.Sprintf("start-%d", time.Now().UnixNano())},
			"X-Hub-Signature-256": {m.Signature},
		}
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode/100 == 2 {
				return nil
			}
		}
		select {
		case <-time.After(time.Millisecond):
		case <-s.Ended():
			return s.Failure("starting slipway")
		case <-ctx.Done():
			s.Kill()
			return s.Failure("waiting for slipway's first answer")
		}
	}
}
