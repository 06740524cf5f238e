package deploy

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slipway-cd/slipway/app"
)

func bake() Verify {
	return Verify{HTTP: "http://x", Every: 10 * time.Second, Failures: 3, StartsWithin: time.Minute, Bake: time.Minute}
}

// watchAll feeds samples, one for each letter (g good, b bad, ? inconclusive), each a beat after the one before; a digit lets so many
// minutes pass without any.
func watchAll(v Verify, letters string, brief bool) (outcome app.Outcome, undecided bool, samples int) {
	var w Watching
	at := now
	for _, l := range letters {
		if l >= '0' && l <= '9' {
			at = at.Add(time.Duration(l-'0') * time.Minute)
			continue
		}
		s := Sample{At: at, Outcome: map[rune]app.Outcome{'g': app.Succeeded, 'b': app.Failed, '?': app.Inconclusive}[l]}
		w, outcome, undecided, _ = w.Take(v, s, brief)
		samples++
		if !undecided {
			return outcome, false, samples
		}
		at = at.Add(v.Every)
	}
	return outcome, true, samples
}

func TestHealth(t *testing.T) {
	for _, test := range []struct {
		name, letters string
		brief         bool
		want          app.Outcome // "-" is undecided
		samples       int
	}{
		{"good for the whole bake", "ggggggg", false, app.Succeeded, 7},
		{"not yet good for the whole bake", "gggggg", false, "-", 6},
		{"one failure is none", "gbgggggggg", false, app.Succeeded, 9},
		{"three in a row", "gbbb", false, app.Failed, 4},
		{"two in a row, twice", "gbbgbbg", false, "-", 7},
		{"it may take its time to start", "bbbbbg", false, "-", 6},
		{"but not longer", "bbbbbbb", false, app.Failed, 7},
		{"no answer is neither", "g????", false, "-", 5},
		{"no answer does not end a row of failures, nor add to it", "gb?b?b", false, app.Failed, 6},
		{"no answer is no bake time", "g?g?g?g?g?g?g?g?g?g?g", false, app.Inconclusive, 20},
		{"the hour in which nobody looked is no bake time", "gg9gg", false, app.Inconclusive, 3},
		{"brief: once is enough", "g", true, app.Succeeded, 1},
		{"brief: it may take its time to start", "bbbg", true, app.Succeeded, 4},
		{"brief: but not longer", "bbbbbbb", true, app.Failed, 7},
	} {
		got, undecided, samples := watchAll(bake(), test.letters, test.brief)
		if undecided {
			got = "-"
		}
		if got != test.want || samples != test.samples && test.want != app.Inconclusive {
			t.Errorf("%s (%s): %q after %d samples, want %q after %d", test.name, test.letters, got, samples, test.want, test.samples)
		}
	}
}

// TestHealthProperties: never good without a whole bake of good samples that follow each other closely; never failed without as many failures
// in a row as the file says.
func TestHealthProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, w, at := bake(), Watching{}, now
		good, row := time.Duration(0), 0
		var last Sample
		for {
			s := Sample{At: at, Outcome: rapid.SampledFrom([]app.Outcome{app.Succeeded, app.Succeeded, app.Failed, app.Inconclusive}).Draw(t, "saw")}
			if s.Outcome == app.Succeeded && last.Outcome == app.Succeeded && s.At.Sub(last.At) <= 2*v.Every {
				good += s.At.Sub(last.At)
			}
			switch s.Outcome {
			case app.Failed:
				row++
			case app.Succeeded:
				row = 0
			}
			next, outcome, undecided, why := w.Take(v, s, false)
			if outcome == app.Succeeded && (good < v.Bake || undecided) || outcome == app.Failed && row < v.Failures {
				t.Fatalf("%q after %s of good time and %d failures in a row: %s", outcome, good, row, why)
			}
			if !undecided {
				if outcome == "" || why == "" {
					t.Fatal("it ends without a word")
				}
				return
			}
			w, last = next, s
			at = at.Add(time.Duration(rapid.IntRange(5, 40).Draw(t, "pause")) * time.Second)
		}
	})
}
