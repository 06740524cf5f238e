package deploy

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slipway-cd/slipway/app"
)

func bake() Verify {
	return Verify{HTTP: "http://x", Every: 10 * time.Second, Failures: 3, StartsWithin: time.Minute, Bake: time.Minute}
}

// watchAll feeds samples, one for each letter (g good, b bad, ? inconclusive), each a beat after the one before; a digit lets so many
// hours pass in which nobody looks.
func watchAll(v Verify, letters string, brief bool) (outcome app.Outcome, undecided bool, samples int, why string) {
	var w Watching
	at := now
	for _, l := range letters {
		if l >= '0' && l <= '9' {
			at = at.Add(time.Duration(l-'0') * time.Hour)
			continue
		}
		w, outcome, undecided, why = w.Take(v, Sample{At: at, Outcome: seen(l), Detail: "saw " + string(l)}, brief)
		samples++
		if !undecided {
			return outcome, false, samples, why
		}
		at = at.Add(v.Every)
	}
	return outcome, true, samples, why
}

func seen(letter rune) app.Outcome {
	return map[rune]app.Outcome{'g': app.Succeeded, 'b': app.Failed, '?': app.Inconclusive, 'u': app.OutcomeUnknown}[letter]
}

// TestHealth (nothing watches after the promotion; no data counts as failure or as success).
func TestHealth(t *testing.T) {
	for _, test := range []struct {
		name, letters string
		brief         bool
		want          app.Outcome // "-" is undecided
		samples       int
		why           string
	}{
		{"good for the whole bake", "ggggggg", false, app.Succeeded, 7, "It answered well for 1m."},
		{"not yet good for the whole bake", "gggggg", false, "-", 6, ""},
		{"one failure is none, but costs the time around it", "gbgggggggg", false, app.Succeeded, 9, "It answered well for 1m."},
		{"bake time adds up", "ggggbgggg", false, app.Succeeded, 9, "It answered well for 1m."},
		{"three in a row", "gbbb", false, app.Failed, 4, "3 probes in a row failed, the last one: saw b."},
		{"two in a row, twice", "gbbgbbg", false, "-", 7, ""},
		{"it may take its time to start", "bbbbbg", false, "-", 6, ""},
		{"but not longer", "bbbbbbb", false, app.Failed, 7, "7 probes in a row failed, the last one: saw b."},
		{"having answered once it has started", "gbbb", false, app.Failed, 4, "3 probes in a row failed, the last one: saw b."},
		{"no answer is neither", "g????", false, "-", 5, ""},
		{"no answer for long asks a person", "??????????????????????", false, app.Inconclusive, 20, "In 3m10s it answered well for 0s only, the last time: saw ?."},
		{"no answer does not end a row of failures, nor add to it", "gb?b?b", false, app.Failed, 6, "3 probes in a row failed, the last one: saw b."},
		{"no answer is no bake time", "g?g?g?g?g?g?g?g?g?g?g", false, app.Inconclusive, 20, "In 3m10s it answered well for 0s only, the last time: saw ?."},
		{"flapping is no bake time", "gbgbgbgbgbgbgbgbgbgbgb", false, app.Inconclusive, 20, "In 3m10s it answered well for 0s only, the last time: saw b."},
		{"an unknown outcome is no answer", "gggguuuugggg", false, app.Succeeded, 12, "It answered well for 1m."},
		{"the hour in which nobody looked is no bake time", "gg1gg", false, "-", 4, ""},
		{"and the bake goes on after it", "gg1gggggg", false, app.Succeeded, 8, "It answered well for 1m."},
		{"nor does it end the watch", "??9??", false, "-", 4, ""},
		{"a release that failed before it and after it failed", "gbb1b", false, app.Failed, 4, "3 probes in a row failed, the last one: saw b."},
		{"an hour is enough to start", "bb1b", false, app.Failed, 3, "3 probes in a row failed, the last one: saw b."},
		{"brief: once is enough", "g", true, app.Succeeded, 1, "It answers well: saw g."},
		{"brief: it may take its time to start", "bbbg", true, app.Succeeded, 4, "It answers well: saw g."},
		{"brief: but not longer", "bbbbbbb", true, app.Failed, 7, "7 probes in a row failed, the last one: saw b."},
		{"brief: no answer for long asks a person", "??????????????????????", true, app.Inconclusive, 20, "In 3m10s it answered well for 0s only, the last time: saw ?."},
	} {
		got, undecided, samples, why := watchAll(bake(), test.letters, test.brief)
		if undecided {
			got = "-"
		}
		if got != test.want || samples != test.samples || why != test.why {
			t.Errorf("%s (%s): %q after %d samples (%s), want %q after %d (%s)", test.name, test.letters, got, samples, why, test.want, test.samples, test.why)
		}
	}
}

// TestHealthSettings: what a file sets, and what no file can.
func TestHealthSettings(t *testing.T) {
	once := bake()
	once.Failures, once.StartsWithin = 1, 0
	if got, _, samples, why := watchAll(once, "b", false); got != app.Failed || samples != 1 || why != "A probe failed: saw b." {
		t.Errorf("failures: 1: %q after %d: %s", got, samples, why)
	}
	none := bake()
	none.Failures = 0 // forgotten: it does not mean that nothing has to fail, nor that nothing is a failure
	if got, undecided, _, _ := watchAll(none, "g?g", false); !undecided {
		t.Errorf("failures: 0: %q without a failure", got)
	}
	if got, _, samples, _ := watchAll(none, "gb", false); got != app.Failed || samples != 2 {
		t.Errorf("failures: 0: %q after %d", got, samples)
	}
	short := bake()
	short.Bake = 0 // forgotten: it does not mean that nothing has to be good
	if got, undecided, _, _ := watchAll(short, "b?", false); !undecided {
		t.Errorf("bake: 0: %q without a good answer", got)
	}
	quick := Verify{HTTP: "http://x", Every: 100 * time.Millisecond, Failures: 3, Bake: time.Second}
	var w Watching
	outcome, undecided := app.OutcomeUnknown, true
	for at := now; undecided; at = at.Add(700 * time.Millisecond) { // a busy server
		w, outcome, undecided, _ = w.Take(quick, Sample{At: at, Outcome: app.Succeeded}, false)
	}
	if outcome != app.Succeeded || w.Samples != 3 {
		t.Errorf("every: 100ms: %q after %d", outcome, w.Samples)
	}
}

// TestHealthOfAClockThatGoesBack: time is never taken back, and nothing is good for it.
func TestHealthOfAClockThatGoesBack(t *testing.T) {
	var w Watching
	for _, at := range []time.Duration{0, 10 * time.Second, -time.Hour, -time.Hour + 10*time.Second} {
		var undecided bool
		if w, _, undecided, _ = w.Take(bake(), Sample{At: now.Add(at), Outcome: app.Succeeded}, false); !undecided {
			t.Fatalf("decided at %v: %+v", at, w)
		}
	}
	if w.Good != 20*time.Second || w.Looked != 20*time.Second {
		t.Errorf("%+v", w)
	}
}

// TestHealthOfEverySequence holds every sequence of eight samples and pauses, from the start and from the middle of a bake, to what health
// means, in other words than the code's: it counts letters, not durations.
func TestHealthOfEverySequence(t *testing.T) {
	v := Verify{HTTP: "http://x", Every: 10 * time.Second, Failures: 2, StartsWithin: 20 * time.Second, Bake: 20 * time.Second}
	var every func(prefix string, left int)
	every = func(prefix string, left int) {
		for _, brief := range []bool{false, true} {
			got, undecided, samples, _ := watchAll(v, prefix, brief)
			if undecided {
				got = "-"
			}
			if want, after := meaning(prefix, brief); got != want || samples != after {
				t.Fatalf("%s, brief %v: %q after %d samples, want %q after %d", prefix, brief, got, samples, want, after)
			}
		}
		if left == 0 {
			return
		}
		for _, l := range []string{"g", "b", "?", "1"} {
			every(prefix+l, left-1)
		}
	}
	every("", 8)
}

// meaning is what a sequence amounts to where two failures in a row are one, and start and bake last two beats each.
func meaning(letters string, brief bool) (want app.Outcome, samples int) {
	beats := strings.ReplaceAll(letters, "1", "")
	pause := make([]bool, len(beats)+1) // before each beat
	for i, n := 0, 0; i < len(letters); i++ {
		if letters[i] == '1' {
			pause[n] = true
		} else {
			n++
		}
	}
	good, watched, waited := 0, 0, 0 // in beats
	for i := range beats {
		if i > 0 && pause[i] {
			waited, watched = waited+360, watched+2 // a pause counts as the longest that two samples can be apart
		} else if i > 0 {
			waited, watched = waited+1, watched+1
			if beats[i-1:i+1] == "gg" {
				good++
			}
		}
		so := beats[:i+1]
		row := strings.ReplaceAll(so[strings.LastIndexByte(so, 'g')+1:], "?", "")
		started := strings.Contains(so, "g") || waited >= 2
		switch {
		case brief && so[i] == 'g':
			return app.Succeeded, i + 1
		case len(row) >= 2 && started:
			return app.Failed, i + 1
		case so[i] == 'g' && good >= 2:
			return app.Succeeded, i + 1
		case watched > 6:
			return app.Inconclusive, i + 1
		}
	}
	return "-", len(beats)
}

// TestHealthProperties: never good without a whole bake of good samples that follow each other closely; never failed without as many failures
// in a row as the file says; never without end.
func TestHealthProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := func(from, to int, what string) time.Duration {
			return time.Duration(rapid.IntRange(from, to).Draw(t, what)) * time.Second
		}
		v := Verify{
			Every: seconds(1, 30, "every"), Failures: rapid.IntRange(1, 5).Draw(t, "failures"), StartsWithin: seconds(0, 120, "starts within"), Bake: seconds(1, 300, "bake"),
		}
		brief := rapid.Bool().Draw(t, "brief")
		good, row := time.Duration(0), 0
		var w Watching
		var last Sample
		at := now
		for n := 0; ; n++ {
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
			next, outcome, undecided, why := w.Take(v, s, brief)
			switch {
			case outcome == app.Succeeded && !brief && good < v.Bake, outcome == app.Succeeded && s.Outcome != app.Succeeded, outcome == app.Failed && row < v.Failures:
				t.Fatalf("%q after %s of good time and %d failures in a row: %s", outcome, good, row, why)
			case undecided == (outcome != "") || undecided == (why != ""):
				t.Fatalf("undecided %v, but %q: %q", undecided, outcome, why)
			case !undecided:
				return
			case time.Duration(n)*v.Every > v.StartsWithin+2*v.Bake+2*v.Every:
				t.Fatalf("it goes on after %d samples: %+v", n, w)
			}
			w, last = next, s
			pause := rapid.SampledFrom([]time.Duration{v.Every, v.Every, v.Every + time.Millisecond, 2 * v.Every, 2*v.Every + time.Second, time.Hour}).Draw(t, "pause")
			at = at.Add(pause)
		}
	})
}
