package policies_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

const (
	full  = "9b1e2c7d40aa9b1e2c7d40aa9b1e2c7d40aa9b1e"
	twelv = "9b1e2c7d40aa"
)

func names() policies.Names {
	return policies.Names{Services: []string{"web", "payments"}, Environments: []string{"staging", "production"}}
}

// told is what a comment comes to, a line for each command: the command, or what is wrong with it.
func told(lines []policies.Line) string {
	var b strings.Builder
	for _, l := range lines {
		if l.Problem != "" {
			fmt.Fprintf(&b, "no: %s\n", l.Problem)
			continue
		}
		c := l.Command
		fmt.Fprintf(&b, "%s", c.Verb)
		for _, w := range []string{c.Service, c.Environment, c.Commit} {
			if w != "" {
				b.WriteString(" " + w)
			}
		}
		if c.All {
			b.WriteString(" all")
		}
		if c.Until.For != 0 {
			b.WriteString(" for " + c.Until.For.String())
		}
		if !c.Until.At.IsZero() {
			b.WriteString(" until " + c.Until.At.Format(time.RFC3339))
		}
		if c.Because != "" {
			b.WriteString(" because [" + c.Because + "]")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestParseWhatPeopleWrite(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"alone", "/approve", "approve\n"},
		{"with lane and commit", "/approve payments production " + twelv, "approve payments production " + twelv + "\n"},
		{"in any order", "/approve " + full + " production payments", "approve payments production " + full + "\n"},
		{"as GitHub names an environment", "/approve payments/production", "approve payments production\n"},
		{"all", "/approve all", "approve all\n"},
		{"several in a paragraph", "/approve web\n/hold payments", "approve web\nhold payments\n"},
		{"the second line of a paragraph", "Looks good to me.\n/approve web", "approve web\n"},
		{"after other text and an empty line", "Well done!\n\n/approve web\n\nThanks", "approve web\n"},
		{"indented a little", "   /approve web", "approve web\n"},
		{"capital letters in the verb", "/Approve web\n/HOLD", "approve web\nhold\n"},
		{"slipway's own prefix", "/slipway approve web\n/Slipway Status", "approve web\nstatus\n"},
		{"slipway alone asks for help", "/slipway", "help\n"},
		{"carriage returns", "/approve web\r\n/status\r\n", "approve web\nstatus\n"},
		{"lone carriage returns", "/approve web\r/status", "approve web\nstatus\n"},
		{"words in backticks, as pasted", "/approve `payments` production `" + twelv + "`", "approve payments production " + twelv + "\n"},
		{"no-break spaces", "/approve\u00a0web", "approve web\n"},
		{"help takes anything", "/help me please", "help\n"},
		{"a later verb takes anything", "/override payments because reasons\n/ok-to-test x", "override payments because [reasons]\nok-to-test\n"},
		{"a reason", "/hold payments because the   bank is down", "hold payments because [the bank is down]\n"},
		{"for a time", "/hold until 90m", "hold for 1h30m0s\n"},
		{"for days", "/hold until 1d12h because night", "hold for 36h0m0s because [night]\n"},
		{"until a time", "/hold web until 2027-03-01T09:00:00+01:00", "hold web until 2027-03-01T08:00:00Z\n"},
		{"until a time, in UTC", "/hold until 2027-03-01 09:00 web", "hold web until 2027-03-01T09:00:00Z\n"},
		{"until a time that says UTC", "/hold until 2027-03-01 09:00 UTC because x", "hold until 2027-03-01T09:00:00Z because [x]\n"},
		{"until a time in quotes", "/hold until “2027-03-01 09:00” web", "hold web until 2027-03-01T09:00:00Z\n"},
		{"emoji in a reason", "/hold because ❤️ hurts", "hold because [❤ hurts]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := told(policies.Parse(test.body, names())); got != test.want {
				t.Errorf("Parse(%q)\n got %s\nwant %s", test.body, got, test.want)
			}
		})
	}
}

func TestParseRefusesWithAWord(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"a short commit is forged in a minute", "/approve 9b1e2c7",
			"`9b1e2c7` is too short: a commit needs at least 12 digits, because a shorter name can be forged in a minute"},
		{"eleven digits", "/approve 9b1e2c7d40a",
			"`9b1e2c7d40a` is too short: a commit needs at least 12 digits, because a shorter name can be forged in a minute"},
		{"capital digits", "/approve 9B1E2C7D40AA", "a commit is written in small letters. Did you mean `/approve 9b1e2c7d40aa`?"},
		{"too many digits", "/approve " + full + "0", "`" + full + "0` is longer than a commit's name, which has 40 digits"},
		{"two commits", "/approve 9b1e2c7d40aa 71f0aa93be12", "it names two commits, `9b1e2c7d40aa` and `71f0aa93be12`. Write a line for each"},
		{"two services", "/approve web payments", "it names two services, `web` and `payments`. Write a line for each"},
		{"two environments", "/approve staging production", "it names two environments, `staging` and `production`. Write a line for each"},
		{"a slip in a name", "/approve paymnets", "there is no `paymnets`. Did you mean `/approve payments`?"},
		{"a short word that is no name", "/approve abc", "there is no service or environment `abc`. There are `web`, `payments`, `staging` and `production`"},
		{"a slip in a short name", "/approve wbe", "there is no `wbe`. Did you mean `/approve web`?"},
		{"two slips in a short name", "/approve wxx", "there is no service or environment `wxx`. There are `web`, `payments`, `staging` and `production`"},
		{"a slip in all, which is not guessed", "/approve al", "there is no service or environment `al`. There are `web`, `payments`, `staging` and `production`"},
		{"a name in capitals", "/approve Production", "there is no `Production`. Did you mean `/approve production`?"},
		{"a slip in a word", "/hold becuase x", "there is no `becuase`. Did you mean `/hold because x`?"},
		{"an unknown name", "/approve billing", "there is no service or environment `billing`. There are `web`, `payments`, `staging` and `production`"},
		{"a mention", "/approve @ada", "there is no service or environment `@ada`. There are `web`, `payments`, `staging` and `production`"},
		{"a polite word", "/approve please", "there is no service or environment `please`. There are `web`, `payments`, `staging` and `production`"},
		{"Markdown in what is said back", "/approve ![x](http://evil)`", "there is no service or environment `![x](http://evil)`. There are `web`, `payments`, `staging` and `production`"},
		{"a slip in a verb", "/aprove", "there is no such command. Did you mean `/approve`?"},
		{"two neighbours swapped", "/hodl", "there is no such command. Did you mean `/hold`?"},
		{"a letter that only looks like one", "/slipway hοld", "there is no such command. `/slipway help` lists those that there are"},
		{"slips in every word", "/slipway aprove paymnets prodction 9B1E2C7D40AA",
			"there is no such command. Did you mean `/approve payments production 9b1e2c7d40aa`?"},
		{"a slip that leaves no command", "/aprove billing", "there is no such command. Did you mean `/approve`?"},
		{"a full stop", "/approve.", "there is no such command. Did you mean `/approve`?"},
		{"an unknown verb of slipway's", "/slipway destroy", "there is no such command. `/slipway help` lists those that there are"},
		{"all with rollback", "/rollback all", "`all` does not go with `/rollback`: name the service, the environment or the commit"},
		{"until with approve", "/approve until 2h", "`until` goes with `/hold` only, not with `/approve`"},
		{"until without a time", "/hold until",
			"after `until` comes how long (`45m`, `2h`, `3d`) or when (`2027-03-01 09:00`, which is UTC, or `2027-03-01T09:00:00+01:00`)"},
		{"until a day", "/hold until 2027-03-01", "after a day comes an hour, in UTC: `until 2027-03-01 09:00`"},
		{"until for less than nothing", "/hold until -2h",
			"a hold lasts longer than nothing and at most 366 days. Without `until` it lasts until somebody lifts it"},
		{"until for ever", "/hold until 1000d",
			"a hold lasts longer than nothing and at most 366 days. Without `until` it lasts until somebody lifts it"},
		{"until twice", "/hold until 2h until 3h", "it says `until` twice"},
		{"because of nothing", "/hold because", "`because` wants a reason after it"},
		{"a hold of a commit", "/hold " + twelv,
			"`/hold` stops a lane, not a single commit, which could leave inside a newer one. Leave the commit out"},
		{"an unhold of a commit", "/unhold " + twelv, "`/unhold` frees a lane, not a single commit. Leave the commit out"},
		{"characters that nobody sees", "/approve pay\u200bments", "it holds invisible characters. Without them it reads `/approve payments`"},
		{"an invisible beginning", "\u200b/approve web", "it holds invisible characters. Without them it reads `/approve web`"},
		{"text turned around", "/approve \u202eweb", "it holds invisible characters. Without them it reads `/approve web`"},
		{"a line without end", "/hold because " + strings.Repeat("x", 1000), "it is longer than 1000 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := told(policies.Parse(test.body, names())); got != "no: "+test.want+"\n" {
				t.Errorf("Parse(%q)\n got %swant no: %s", test.body, got, test.want)
			}
		})
	}
}

func TestParseAnswersWhatMightBeMeant(t *testing.T) {
	const below = ", and only a line in a paragraph of its own counts: write it below an empty line, with nothing before the slash"
	for _, test := range []struct{ name, body, where string }{
		{"a list item", "- /approve web", "part of a list"},
		{"a numbered list item", "1. /approve web", "part of a list"},
		{"a line below a list item", "- done\n/approve web", "part of a list"},
		{"a paragraph in a list item", "- done\n\n  /approve web", "part of a list"},
		{"a line below a quote", "> well?\n/approve web", "still part of the quote above it"},
		{"a heading", "/approve web\n===", "part of a heading, a table or a footnote"},
		{"a table", "/approve web | x\n--- | ---\n1 | 2", "part of a heading, a table or a footnote"},
		{"HTML", "<div>\n/approve web\n</div>", "inside HTML"},
		{"a paragraph that stands in HTML", "<details>\n\n/approve web\n\n</details>", "inside HTML"},
		{"a paragraph in a quote made of HTML", "<blockquote>\n\nwell?\n\n/approve web\n\n</blockquote>", "inside HTML"},
		{"emphasis", "**yes\n/approve web**", "inside formatting that begins before it"},
		{"what is struck out", "~~no\n/approve web~~", "inside formatting that begins before it"},
		{"a link's text", "[see\n/approve web](https://example.com)", "inside formatting that begins before it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, want := told(policies.Parse(test.body, names())), "no: it is "+test.where+below+"\n"; got != want {
				t.Errorf("Parse(%q)\n got %swant %s", test.body, got, want)
			}
		})
	}
}

func TestParseLeavesOthersAlone(t *testing.T) {
	for _, body := range []string{
		"", "Nice", "/lgtm", "/test all", "/assign @ada", "/etc/passwd is readable", "/approve/it", "/help/foo", "/ approve", "//approve",
		"see /approve", "approve", "@slipway /approve", "\\/approve", "&#47;approve", "/", "/hold-on", "a/approve", "/bin/hold",
	} {
		if got := told(policies.Parse(body, names())); got != "" {
			t.Errorf("Parse(%q) = %s, want nothing", body, got)
		}
	}
}

func TestParseIsBounded(t *testing.T) {
	many := policies.Parse(strings.Repeat("/approve web\n", 11), names())
	if want := "no: this comment has 11 commands and at most 10 are carried out at once, so none was\n"; told(many) != want {
		t.Errorf("got %swant %s", told(many), want)
	}
	if got := len(policies.Parse(strings.Repeat("/approve web\n", 10), names())); got != 10 {
		t.Errorf("10 commands are %d", got)
	}
	if got := policies.Parse("/approve\n"+strings.Repeat("x", 300000), names()); got != nil {
		t.Errorf("a comment that GitHub would not take is %v", got)
	}
}

func TestParseButton(t *testing.T) {
	for _, id := range []string{"approve", "hold", "rollback", "retry", "unhold"} {
		got, ok := policies.ParseButton(id)
		if want := (policies.Command{Verb: app.Verb(id)}); !ok || !cmp.Equal(got, want) || len(id) > 20 {
			t.Errorf("ParseButton(%q) = %v, %v", id, got, ok)
		}
	}
	for _, id := range []string{"", "Approve", "approve all", "destroy"} {
		if got, ok := policies.ParseButton(id); ok || got != (policies.Command{}) {
			t.Errorf("ParseButton(%q) = %v, %v", id, got, ok)
		}
	}
}
