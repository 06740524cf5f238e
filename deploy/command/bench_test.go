package command

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkStart is the time from Ensure to the step's own first instruction: a fresh checkout of 1,300 files, and a small artifact.
func BenchmarkStart(b *testing.B) {
	files := map[string]string{}
	for i := range 1300 {
		files[fmt.Sprintf("pkg%d/sub%d/file%d.go", i%13, i%10, i)] = strings.Repeat(fmt.Sprintf("// line %d\n", i), 900)
	}
	w := newWorld(b, files)
	x := w.deployment("")
	x.Release.Artifact = w.built("made")
	var total time.Duration
	n := 0
	for ; b.Loop(); n++ {
		y := another(x, fmt.Sprint(n), "true")
		began := time.Now()
		w.ensure(y)
		b.StopTimer()
		w.wait(y.Key)
		total += w.ensure(y).Began.Sub(began)
		b.StartTimer()
	}
	b.ReportMetric(float64(total.Microseconds())/float64(n)/1000, "ms/start")
}
