package app_test

import (
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 100 * time.Millisecond: "100ms", 10 * time.Second: "10s", time.Minute + time.Second: "1m1s", 90 * time.Second: "1m30s",
		10 * time.Minute: "10m", 15 * time.Minute: "15m", 20 * time.Minute: "20m", time.Hour: "1h", time.Hour + time.Second: "1h0m1s",
		time.Hour + 10*time.Second: "1h0m10s", 90 * time.Minute: "1h30m", 10 * time.Hour: "10h", 24 * time.Hour: "24h",
	} {
		if got := app.Span(d).String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
