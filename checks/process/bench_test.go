package process

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// BenchmarkStart is the time from Ensure to the program's own first instruction, with a warm mirror and a warm worktree of 1,300 files of
// which 10 change with every commit.
func BenchmarkStart(b *testing.B) {
	files := map[string]string{}
	for i := range 1300 {
		files[fmt.Sprintf("pkg%d/sub%d/file%d.go", i%13, i%10, i)] = strings.Repeat(fmt.Sprintf("// line %d\n", i), 900)
	}
	w := newWorld(b, files)
	commits := []app.SHA{w.head}
	for i := range 10 {
		files[fmt.Sprintf("pkg%d/sub%d/file%d.go", i%13, i%10, i)] += "// changed\n"
	}
	commits = append(commits, w.origin.Commit(files))
	if err := w.git.Fetch(b.Context(), w.repo, string(commits[1])); err != nil {
		b.Fatal(err)
	}
	w.finish(again(w.job("", ""), "warm", "true"))
	var total time.Duration
	var all []time.Duration
	for i := 0; b.Loop(); i++ {
		j := again(w.job("", ""), fmt.Sprint(i), "true")
		j.Commit = commits[(i+1)%2]
		began := time.Now()
		w.ensure(j)
		b.StopTimer()
		w.wait(j.Key)
		d := w.ensure(j).Began.Sub(began)
		total += d
		all = append(all, d)
		b.StartTimer()
	}
	b.ReportMetric(float64(total.Microseconds())/float64(len(all))/1000, "ms/start")
}
