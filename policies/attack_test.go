package policies_test

import (
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/policies"
)

// TestAttackSpokenAboutIsNotSaid plants commands where people see no command, or see somebody else's: none may be carried out, and none is
// answered either, or every comment that explains a command would be.
func TestAttackSpokenAboutIsNotSaid(t *testing.T) {
	for _, test := range []struct{ name, body string }{
		{"quote approves", "> /approve web\n\nWhat do you think?"},
		{"quote in a quote approves", "> > /approve web\n> /approve web"},
		{"quote in a list approves", "- > /approve web"},
		{"list in a quote approves", "> - /approve web"},
		{"quote in more quotes than are followed approves", strings.Repeat("> ", 200) + "/approve web"},
		{"comment that ends in a long line approves", "<!--\n/approve web\n" + strings.Repeat("-", 80) + ">"},
		{"fence approves", "```\n/approve web\n```"},
		{"fence of tildes approves", "~~~sh\n/approve web\n~~~"},
		{"fence without an end approves", "```\n/approve web"},
		{"fence in a list approves", "- so:\n  ```\n  /approve web\n  ```"},
		{"indented code approves", "so:\n\n    /approve web"},
		{"tab-indented code approves", "so:\n\n\t/approve web"},
		{"code span approves", "`/approve web`"},
		{"code span over lines approves", "write `\n/approve web\n` to approve"},
		{"comment approves", "<!-- /approve web -->"},
		{"comment over lines approves", "<!--\n/approve web\n-->"},
		{"comment with empty lines approves", "<!--\n\n/approve web\n\n-->"},
		{"comment without an end approves", "<!--\n\n/approve web"},
		{"comment within a paragraph approves", "Fine <!--\n/approve web\n--> by me"},
		{"comment that Markdown does not see approves", "<div><!--\n\n/approve web\n\n--></div>"},
		{"comment after a tag within a line approves", "<b>x</b> <!--\n/approve web\n-->"},
		{"preformatted approves", "<pre>\n/approve web\n</pre>"},
		{"script approves", "<script>\n/approve web\n</script>"},
		{"processing instruction approves", "<?\n/approve web\n?>"},
		{"link title approves", "[a](b '\n/approve web\n')"},
		{"link target approves", "[a]: b '\n/approve web\n'"},
		{"attribute approves", "x <a title='\n/approve web\n'>y</a>"},
		{"heading approves", "# /approve web"},
		{"substring approves", "Please do not /approve web"},
		{"substring of a word approves", "/approved-by: ada"},
		{"escaped approves", "\\/approve web"},
		{"unreferenced footnote approves", "[^1]: x\n\n    /approve web"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, l := range policies.Parse(test.body, names()) {
				if l.Problem == "" {
					t.Fatalf("%q is carried out: %+v", test.body, l.Command)
				}
				t.Errorf("%q is answered: %s", test.body, l.Problem)
			}
		})
	}
}

// TestAttackTrailingComment: what GitHub hides behind a command neither changes it nor stops it.
func TestAttackTrailingComment(t *testing.T) {
	for body, want := range map[string]string{
		"/approve web <!-- sent from my phone -->":             "approve web\n",
		"/approve <!-- payments --> web":                       "approve web\n",
		"/approve web <!--\n/hold payments\n-->":               "approve web\n",
		"<!--\n" + strings.Repeat("-", 80) + ">\n/approve web": "approve web\n",
		"/approve web\n\n<!-- /hold payments -->":              "approve web\n",
		"x <a title='><!--'>y</a>\n\n/approve web":             "approve web\n",
		"/approve web\n<!-- a -->\n/status":                    "approve web\nstatus\n",
		"/hold <!-- x -->because <!-- y --> of reason":         "hold because [of reason]\n",
	} {
		if got := told(policies.Parse(body, names())); got != want {
			t.Errorf("Parse(%q)\n got %swant %s", body, got, want)
		}
	}
}

// TestAttackIgnoredCommand: the second line, a list item, a line below a quote: each gets an answer.
func TestAttackIgnoredCommand(t *testing.T) {
	body := "Good.\n/approve web\n/hold payments\n\n- /unhold web\n\n> well?\n/status\n\n/retry"
	got := policies.Parse(body, names())
	if len(got) != 5 {
		t.Fatalf("%d of 5 lines are answered: %s", len(got), told(got))
	}
	for i, carried := range []bool{true, true, false, false, true} {
		if (got[i].Problem == "") != carried {
			t.Errorf("line %d, %q: carried out is %v", i, got[i].Text, !carried)
		}
	}
}
