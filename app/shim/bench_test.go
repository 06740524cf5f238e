package shim

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkEnsureToFirstOutput is the shim's share of "command started": from Ensure to the program's first byte in the log,
// as a follower sees it. It reports the median and the 99th percentile in milliseconds.
func BenchmarkEnsureToFirstOutput(b *testing.B) {
	h := openHost(b, folders(b))
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		s := script(b, fmt.Sprint(i), "echo up")
		begun := time.Now()
		ensure(b, h, s)
		r, err := h.Follow(ctx(b), s.Key, 0)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.Read(make([]byte, 1)); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begun))
		r.Close()
		b.StopTimer()
		wait(b, h, s.Key)
		<-h.watched(s.Key).cleared
		b.StartTimer()
	}
	report(b, took)
}

// BenchmarkEnsureToOutcome goes on to Done.
func BenchmarkEnsureToOutcome(b *testing.B) {
	d := newDones()
	o := folders(b)
	o.Done = d.done
	h := openHost(b, o)
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		begun := time.Now()
		ensure(b, h, script(b, fmt.Sprint(i), "echo up"))
		d.next(b)
		took = append(took, time.Since(begun))
	}
	report(b, took)
}

func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(took[len(took)/2]), "p50-ms")
	b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
}
