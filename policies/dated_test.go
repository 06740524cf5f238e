package policies_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/policies"
)

func TestParseDated(t *testing.T) {
	for _, test := range []struct {
		body string
		at   policies.Moment
		no   string
	}{
		{"/approve payments production at 2027-03-01 09:00", policies.Moment{Wall: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)}, ""},
		{"/approve at 2027-03-01 09:00 Europe/Berlin payments", policies.Moment{Wall: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC), Zone: "Europe/Berlin"}, ""},
		{"/approve at 2027-03-01 09:00 utc", policies.Moment{Wall: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC), Zone: "UTC"}, ""},
		{"/approve at 2027-03-01 09:00 payments/production", policies.Moment{Wall: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)}, ""},
		{"/approve at 2027-03-01T09:00:00+01:00", policies.Moment{At: time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)}, ""},
		{"/approve at 2027-03-01", policies.Moment{}, "after a day comes an hour: `at 2027-03-01 09:00`"},
		{"/approve at noon", policies.Moment{}, "after `at` comes when"},
		{"/approve at 2027-03-01 09:00 at 2027-03-02 09:00", policies.Moment{}, "it says `at` twice"},
		{"/approve at 2027-03-01 09:00 Europe/Belrin", policies.Moment{}, "there is no service or environment `Europe/Belrin`"},
		{"/hold at 2027-03-01 09:00", policies.Moment{}, "`at` goes with `/approve` only"},
	} {
		lines := policies.Parse(test.body, names())
		if len(lines) != 1 || !strings.HasPrefix(lines[0].Problem, test.no) || (lines[0].Problem == "") != (test.no == "") || lines[0].Command.At != test.at {
			t.Errorf("%s is %+v", test.body, lines)
		}
	}
}

// dated is shop with gates whose clocks go by these zones.
func dated(zones ...policies.Zone) func(*policies.Asked) {
	return func(a *policies.Asked) {
		p := &a.Lanes[1].Promotions[0]
		gate := delivery()
		for _, z := range zones {
			gate.Windows = append(gate.Windows, hours(policies.Window{Allow: true, Text: "08:00-12:00", Zone: z, Days: 127}, 8, 12))
		}
		p.Facts.Gate = both(gate)
		p.Decision = policies.Judge(p.Facts)
	}
}

func TestResolveDated(t *testing.T) {
	london, err := policies.LoadZone("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	yes := func(from string) string {
		return strings.Replace(approvedBy("production"), `"Source":"comment/99"`, `"Source":"comment/99","From":"`+from+`"`, 1)
	}
	const is = "(+1) @dana, `9b1e2c7d40aa` is approved for payments/production from "
	const goes = " on. It goes then, or as soon after as the rest of its gate allows"
	resolve(t, []asking{
		{"by the gate's clock", dana(), "maintain", "/approve at 2027-03-02 09:00", dated(berlin(t)),
			yes("2027-03-02T08:00:00Z") + is + "Tuesday 2 March 2027 09:00, Europe/Berlin" + goes + "."},
		{"by UTC, where the gate has no clock", dana(), "maintain", "/approve payments at 2027-03-02 09:00", dated(),
			yes("2027-03-02T09:00:00Z") + is + "Tuesday 2 March 2027 09:00, UTC" + goes + "."},
		{"by a clock that is named", dana(), "maintain", "/approve at 2027-03-02 09:00 Europe/Berlin", dated(london),
			yes("2027-03-02T08:00:00Z") + is + "Tuesday 2 March 2027 08:00, Europe/London" + goes + "."},
		{"in an hour that is skipped", dana(), "maintain", "/approve at 2027-03-28 02:30", dated(berlin(t)),
			yes("2027-03-28T01:00:00Z") + is + "Sunday 28 March 2027 03:00, Europe/Berlin" + goes + ". Even then: window opens Sunday 28 March 2027 08:00, Europe/Berlin."},
		{"in an hour that is doubled", dana(), "maintain", "/approve at 2027-10-31 02:30", dated(berlin(t)),
			yes("2027-10-31T00:30:00Z") + is + "Sunday 31 October 2027 02:30, Europe/Berlin" + goes + ". Even then: window opens Sunday 31 October 2027 08:00, Europe/Berlin."},
		{"by which of two clocks", dana(), "maintain", "/approve at 2027-03-02 09:00", dated(berlin(t), london),
			"(-1) @dana, the gate of payments/production has clocks in Europe/Berlin and Europe/London, so say which: `at 2027-03-02 09:00 Europe/Berlin`."},
		{"over already", dana(), "maintain", "/approve at 2027-03-01 09:00", dated(berlin(t)),
			"(-1) @dana, Monday 1 March 2027 09:00, Europe/Berlin is over already, so nothing is approved."},
		{"in the far future", dana(), "maintain", "/approve at 2031-03-01 09:00", dated(),
			"(-1) @dana, Saturday 1 March 2031 09:00, UTC is more than 366 days away."},
		{"and one more is needed", dana(), "maintain", "/approve at 2027-03-02 09:00", func(a *policies.Asked) {
			dated()(a)
			gate := delivery()
			gate.Count = 2
			a.Lanes[1].Promotions[0].Facts.Gate = both(gate)
		}, yes("2027-03-02T09:00:00Z") + is + "Tuesday 2 March 2027 09:00, UTC on. One more approval is needed: @ben or @eli can approve."},
	})
}

func TestADatedApprovalCountsFromThenOn(t *testing.T) {
	gate := delivery()
	gate.Expires = time.Hour
	f := ready(gate)
	later := yes(dana(), "maintain")
	later.From = now().Add(2 * time.Hour)
	f.Approvals = []policies.Approval{later}
	d := policies.Judge(f)
	want := "Waits until Monday 1 March 2027 12:12, UTC, as approved by @dana, 2027-03-01 10:12 UTC."
	if d.Verdict != policies.Hold || !strings.Contains(sentences(d), want) || !d.Recheck.Equal(later.From) {
		t.Errorf("before, it is %+v", d)
	}
	for after, verdict := range map[time.Duration]policies.Verdict{0: policies.Allow, 59 * time.Minute: policies.Allow, time.Hour: policies.Hold} {
		f.Now = later.From.Add(after)
		if d := policies.Judge(f); d.Verdict != verdict {
			t.Errorf("%s after, it is %+v", after, d)
		}
	}
	f.Now = now()
	f.Approvals = append(f.Approvals, yes(eli(), "admin"))
	if d := policies.Judge(f); d.Verdict != policies.Allow {
		t.Errorf("with somebody's for now it is %+v", d)
	}
	gate.Count = 3
	f.Gate = both(gate)
	if d := policies.Judge(f); d.Verdict != policies.Hold || !strings.Contains(sentences(d), "Needs 3 approvals") {
		t.Errorf("with too few it is %+v", d)
	}
}
