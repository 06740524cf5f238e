package policies_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

func berlin(t testing.TB) policies.Zone {
	t.Helper()
	z, err := policies.LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// Now, on Monday 1 March 2027, it is 10:12 in London and 11:12 in Berlin.
const (
	monday  = policies.Days(1 << 1)
	weekend = policies.Days(1<<0 | 1<<6)
)

func hours(w policies.Window, from, to int) policies.Window {
	w.From, w.To = 60*from, 60*to
	return w
}

// TestTimes holds every rule about time, in one file or the other.
func TestTimes(t *testing.T) {
	z := berlin(t)
	working := hours(policies.Window{Allow: true, Text: "Mon 09:00-16:00", Zone: z, Days: monday}, 9, 16)
	later := hours(policies.Window{Allow: true, Text: "Mon 12:00-16:00", Zone: z, Days: monday}, 12, 16)
	noon := hours(policies.Window{Text: "Mon 11:00-13:00", Zone: z, Days: monday}, 11, 13)
	freeze := policies.Window{Text: "audit: 2027-02-28..2027-03-02", Zone: z, Begin: time.Date(2027, 2, 28, 0, 0, 0, 0, time.UTC), End: time.Date(2027, 3, 3, 0, 0, 0, 0, time.UTC)}
	past := freeze
	past.Begin, past.End = past.Begin.AddDate(0, -1, 0), past.End.AddDate(0, -1, 0)
	once := past
	once.Allow = true
	hotfix := hours(policies.Window{Allow: true, Text: "00:00-24:00", Zone: z, Days: 127, When: policies.When{Labels: []string{"hotfix"}}}, 0, 24)
	migrations := noon
	migrations.When.Paths = []string{"db/**"}
	windows := func(all ...policies.Window) func(*policies.Policy) {
		return func(p *policies.Policy) { p.Windows = all }
	}
	pulls := func(labels ...string) func(*policies.Facts) {
		return func(f *policies.Facts) {
			f.Changes = known([]policies.Change{{Pull: 412, Labels: labels, Author: "ben", Branch: "hotfix/x"}, {Pull: 413, Labels: []string{"Hotfix"}}})
		}
	}
	paths := func(all ...string) func(*policies.Facts) {
		return func(f *policies.Facts) { f.Paths = known(all) }
	}
	for name, c := range map[string]struct {
		policy func(*policies.Policy)
		facts  func(*policies.Facts)
		want   policies.Verdict
		again  time.Duration
		says   string
	}{
		"open":                    {policy: windows(working), want: policies.Allow, again: 4*time.Hour + 48*time.Minute, says: "Inside the window `Mon 09:00-16:00` (Europe/Berlin)"},
		"closed":                  {policy: windows(later), want: policies.Hold, again: 48 * time.Minute, says: "Window opens Monday 1 March 2027 12:00, Europe/Berlin"},
		"one of two is open":      {policy: windows(later, working), want: policies.Allow, again: 4*time.Hour + 48*time.Minute, says: "Inside the window"},
		"never again":             {policy: windows(once), want: policies.Hold, says: "No window opens for it any more"},
		"forbidden":               {policy: windows(noon), want: policies.Hold, again: time.Hour + 48*time.Minute, says: "Nothing starts during `Mon 11:00-13:00` (Europe/Berlin), which ends Monday 1 March 2027 13:00, Europe/Berlin"},
		"open, and forbidden":     {policy: windows(working, noon), want: policies.Hold, again: time.Hour + 48*time.Minute, says: "Nothing starts during"},
		"frozen":                  {policy: windows(freeze), want: policies.Hold, again: 36*time.Hour + 48*time.Minute, says: "Nothing starts during `audit: 2027-02-28..2027-03-02` (Europe/Berlin), which ends Wednesday 3 March 2027 00:00"},
		"thawed":                  {policy: windows(past), want: policies.Allow, says: "Checks passed"},
		"a label opens":           {policy: windows(later, hotfix), facts: pulls("hotfix", "big"), want: policies.Allow, says: "Inside the window `00:00-24:00`"},
		"not all have the label":  {policy: windows(later, hotfix), facts: pulls("big"), want: policies.Hold, again: 48 * time.Minute, says: "Window opens Monday 1 March 2027 12:00"},
		"nobody knows the labels": {policy: windows(hotfix), want: policies.Hold, says: "No window opens for it any more"},
		"these paths are stopped": {policy: windows(migrations), facts: paths("web/a", "db/1.sql"), want: policies.Hold, again: time.Hour + 48*time.Minute, says: "Nothing starts during"},
		"those are not":           {policy: windows(migrations), facts: paths("web/a"), want: policies.Allow, says: "Checks passed"},
		"nobody knows the paths":  {policy: windows(migrations), want: policies.Hold, again: time.Hour + 48*time.Minute, says: "Nothing starts during"},
		"waits":                   {policy: func(p *policies.Policy) { p.Wait = time.Hour }, facts: func(f *policies.Facts) { f.Arrived = now().Add(-20 * time.Minute) }, want: policies.Hold, again: 40 * time.Minute, says: "Waits 1h from when it came, until 2027-03-01 10:52 UTC"},
		"waited":                  {policy: func(p *policies.Policy) { p.Wait = time.Hour }, facts: func(f *policies.Facts) { f.Arrived = now().Add(-time.Hour) }, want: policies.Allow, says: "Waited 1h"},
		"nobody knows since when": {policy: func(p *policies.Policy) { p.Wait = time.Hour }, want: policies.Hold, says: "Waits 1h"},
		"soaks":                   {policy: soaking, facts: soaked(10 * time.Minute), want: policies.Hold, again: 20 * time.Minute, says: "Healthy in staging since 2027-03-01 10:02 UTC, and has to be for 30m: until 2027-03-01 10:32 UTC"},
		"soaked":                  {policy: soaking, facts: soaked(30 * time.Minute), want: policies.Allow, says: "Healthy in staging since 2027-03-01 09:42 UTC, for more than 30m"},
		"nobody knows how long": {policy: soaking, facts: func(f *policies.Facts) {
			f.Standings = map[string]app.Fact[policies.Standing]{"staging": known(policies.StandingProven)}
		}, want: policies.Hold, again: time.Minute, says: "Not known: since when the commit does well in staging"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, file := range []string{"both", "head", "live"} {
				p, plain := policies.Policy{Mode: policies.Deployment}, policies.Policy{Mode: policies.Deployment}
				c.policy(&p)
				f := ready(p)
				switch file {
				case "head":
					f.Gate.Live = known(plain)
				case "live":
					f.Gate.Head = known(plain)
				}
				if c.facts != nil {
					c.facts(&f)
				}
				d := policies.Judge(f)
				again := time.Duration(0)
				if !d.Recheck.IsZero() {
					again = d.Recheck.Sub(now())
				}
				if d.Verdict != c.want || !strings.Contains(spoken(d), c.says) || c.again != 0 && again != c.again {
					t.Errorf("%s: %s", file, spoken(d))
				}
			}
		})
	}
}

func soaking(p *policies.Policy) { p.After, p.Soak = "staging", 30*time.Minute }

func soaked(d time.Duration) func(f *policies.Facts) {
	return func(f *policies.Facts) {
		f.Standings = map[string]app.Fact[policies.Standing]{"staging": known(policies.StandingProven)}
		f.GoodSince = map[string]app.Fact[time.Time]{"staging": known(now().Add(-d))}
	}
}

func drawWindow(t *rapid.T) policies.Window {
	z, err := policies.LoadZone(rapid.SampledFrom([]string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"}).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	w := policies.Window{
		Allow: rapid.Bool().Draw(t, "allow"), Text: "x", Zone: z, Days: policies.Days(rapid.IntRange(1, 127).Draw(t, "days")),
		From: rapid.IntRange(0, 1439).Draw(t, "from"), To: rapid.IntRange(1, 1440).Draw(t, "to"),
	}
	if rapid.IntRange(0, 3).Draw(t, "for some") == 0 {
		w.When = policies.When{Labels: []string{"hotfix"}}
	}
	return w
}

// TestPropertyNarrowerWindowsOnlyHinder: what allows, for fewer hours or days, and what forbids, for more, lets nothing pass. The time is held.
func TestPropertyNarrowerWindowsOnlyHinder(t *testing.T) {
	often(t, func(t *rapid.T) {
		f := drawFacts(t)
		f.Now = now().Add(time.Duration(rapid.IntRange(0, 366*24*60).Draw(t, "minutes")) * time.Minute)
		f.Changes = drawFact(t, "changes", rapid.SampledFrom([][]policies.Change{{}, {{Labels: []string{"hotfix"}}}, {{Labels: []string{"hotfix"}}, {}}}))
		p := f.Gate.Head.Value
		p.Windows = rapid.SliceOfN(rapid.Custom(drawWindow), 1, 3).Draw(t, "windows")
		wide := f
		wide.Gate.Head.Value = p
		narrow := wide
		p.Windows = slices.Clone(p.Windows)
		w := &p.Windows[rapid.IntRange(0, len(p.Windows)-1).Draw(t, "which")]
		narrower(t, w)
		narrow.Gate.Head.Value = p
		if before, after := policies.Judge(wide), policies.Judge(narrow); after.Verdict > before.Verdict {
			t.Fatalf("%+v turns %s into %s", *w, spoken(before), spoken(after))
		}
	})
}

// narrower takes hours or a day from what allows, and gives them to what forbids. Windows over midnight keep their ends.
func narrower(t *rapid.T, w *policies.Window) {
	some := policies.Days(rapid.IntRange(0, 127).Draw(t, "fewer days"))
	if w.Allow {
		w.Days &= some
	} else {
		w.Days |= some
	}
	if w.To <= w.From {
		return
	}
	in, out := rapid.IntRange(0, w.To-w.From-1).Draw(t, "less"), rapid.IntRange(0, w.From).Draw(t, "more")
	if w.Allow {
		w.From += in
	} else {
		w.From -= out
	}
}

// TestWindowsAreJudgedAgainNextYear: what was judged is stored with its zones.
func TestWindowsAreJudgedAgainNextYear(t *testing.T) {
	often(t, func(t *rapid.T) {
		f := drawFacts(t)
		f.Gate.Head.Value.Windows = rapid.SliceOfN(rapid.Custom(drawWindow), 1, 3).Draw(t, "windows")
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var again policies.Facts
		if err := json.Unmarshal(data, &again); err != nil {
			t.Fatal(err)
		}
		if a, b := spoken(policies.Judge(f)), spoken(policies.Judge(again)); a != b {
			t.Fatalf("%s\nis after storage\n%s", a, b)
		}
	})
}
