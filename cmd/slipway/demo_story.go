package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app/standin"
)

// story is what happens, act by act. An act that does not end as told ends the story.
type story struct {
	*world
	*teller
	now      good
	lastGood string // the commit that is live in web
}

// run tells all acts and says whether each ended as told.
func (s *story) run(ctx context.Context) bool {
	s.title("slipway demo: a stand-in GitHub, a real repository, real checks and deployments, all on this machine")
	all := act{Act: "all", OK: true}
	began := time.Now()
	for _, a := range []struct {
		name, title string
		play        func(context.Context) (string, error)
	}{
		{"first-release", "Act 1  The first release. There is no way back yet, so a maintainer is asked, whatever the policy", s.firstRelease},
		{"deployment", "Act 2  A good change. web follows continuous deployment: green checks alone release it", s.deployment},
		{"delivery", "Act 3  The same change in payments. It follows continuous delivery: a person decides, and not its author", s.delivery},
		{"failing-test", "Act 4  A change with a failing test. Nothing is deployed", s.failingTest},
		{"sick-release", "Act 5  A change whose tests pass, and which is sick once it runs. It goes back by itself", s.sickRelease},
		{"environment-review", "Act 6  payments gets a second environment, which GitHub Actions deploys to and GitHub's own reviewers let go", s.environmentReview},
		{"attack", "Act 7  An attack: something else is pushed between what a maintainer has read and their approval of it", s.attack},
		{"proof", "Act 8  The receipts: who let what go, in a chain that nobody can rewrite or cut unseen", s.proof},
	} {
		s.title(a.title)
		started := time.Now()
		observed, err := a.play(ctx)
		end := act{a.name, err == nil, seconds(started), observed}
		if err != nil {
			end.Observed, all.OK = err.Error(), false
		}
		s.end(end)
		if err != nil {
			break
		}
	}
	all.Seconds, all.Observed = seconds(began), "every act ended as told, judged by GitHub's API and the services themselves"
	if !all.OK {
		all.Observed = "an act did not end as told; the server's log is " + s.log.Name() + " (kept with --keep DIR)"
	}
	s.title("The end")
	s.end(all)
	return all.OK
}

func seconds(since time.Time) float64 { return float64(time.Since(since).Milliseconds()) / 1000 }

// change opens a pull request and merges it. It gives the pull request and the commit that it became.
func (s *story) change(ctx context.Context, branch, title string, files map[string]string) (*standin.Pull, string, error) {
	if _, err := s.repo.Commit(author, branch, title, files); err != nil {
		return nil, "", fmt.Errorf("pushing %s: %w", branch, err)
	}
	pull, err := s.repo.OpenPullRequest(author, title, branch, "main")
	if err != nil {
		return nil, "", fmt.Errorf("opening a pull request: %w", err)
	}
	s.say("@%s opens #%d %q", author, pull.Number(), title)
	return pull, "", nil
}

// merge merges a pull request once its checks say what they should.
func (s *story) merge(ctx context.Context, pull *standin.Pull, conclusion string) (string, error) {
	if _, err := s.concludes(ctx, pull.Head(), "slipway", conclusion); err != nil {
		return "", err
	}
	s.say("its checks end as %s", conclusion)
	sha, err := pull.Merge(maintainer, "squash")
	if err != nil {
		return "", fmt.Errorf("merging #%d: %w", pull.Number(), err)
	}
	s.say("@%s merges #%d: %s on main", maintainer, pull.Number(), short(sha))
	return sha, nil
}

// merged opens a pull request, waits for its checks and merges it.
func (s *story) merged(ctx context.Context, branch, title, conclusion string, files map[string]string) (*standin.Pull, string, error) {
	pull, _, err := s.change(ctx, branch, title, files)
	if err != nil {
		return nil, "", err
	}
	sha, err := s.merge(ctx, pull, conclusion)
	return pull, sha, err
}

// comment says something on a pull request.
func (s *story) comment(pull *standin.Pull, login, body string) error {
	s.say("@%s comments on #%d: %s", login, pull.Number(), body)
	_, err := pull.Comment(login, body)
	return err
}

func (s *story) firstRelease(ctx context.Context) (string, error) {
	pull, sha, err := s.merged(ctx, "pipeline", "Add the shop and its pipeline", "success", s.files)
	if err != nil {
		return "", err
	}
	for _, service := range []string{"web", "payments"} {
		if err := s.waitsForApproval(ctx, service, sha); err != nil {
			return "", err
		}
		s.say("%s → production waits for a maintainer", service)
	}
	if err := s.comment(pull, maintainer, "/approve all"); err != nil {
		return "", err
	}
	for _, service := range []string{"web", "payments"} {
		if err := s.goesLive(ctx, service, sha); err != nil {
			return "", err
		}
		s.say("%s answers as %s", service, short(sha))
	}
	return fmt.Sprintf("both services are live at %s", short(sha)), nil
}

// good is the change that acts 2 and 3 are about.
type good struct {
	pull *standin.Pull
	sha  string
}

func (s *story) deployment(ctx context.Context) (string, error) {
	files := map[string]string{
		"web/main.go":           strings.Replace(s.files["web/main.go"], "Welcome to the shop", "Welcome to the new shop", 1),
		"payments/main.go":      strings.Replace(s.files["payments/main.go"], "%d.%02d EUR", "EUR %d.%02d", 1),
		"payments/main_test.go": strings.NewReplacer("39.98 EUR", "EUR 39.98").Replace(s.files["payments/main_test.go"]),
	}
	pull, sha, err := s.merged(ctx, "greeting", "Greet better, and write the currency first", "success", files)
	if err != nil {
		return "", err
	}
	s.now = good{pull, sha}
	if err := s.goesLive(ctx, "web", sha); err != nil {
		return "", err
	}
	s.lastGood = sha
	return fmt.Sprintf("web went live at %s by itself", short(sha)), nil
}

func (s *story) delivery(ctx context.Context) (string, error) {
	pull, sha := s.now.pull, s.now.sha
	if err := s.waitsForApproval(ctx, "payments", sha); err != nil {
		return "", err
	}
	before, err := s.version(ctx, "payments")
	if err != nil {
		return "", err
	}
	s.say("payments → production waits; %s is still live", short(before))
	for _, who := range []string{contributor, author} {
		if err := s.comment(pull, who, "/approve payments production "+short(sha)); err != nil {
			return "", err
		}
		line, err := s.answered(ctx, pull.Number(), "@"+who+", this approval")
		if err != nil {
			return "", err
		}
		s.say("slipway answers: %s", line)
	}
	if now, err := s.version(ctx, "payments"); err != nil || now != before {
		return "", fmt.Errorf("payments changed to %s without an approval that counts (%v)", short(now), err)
	}
	if err := s.comment(pull, maintainer, "/approve payments production "+short(sha)); err != nil {
		return "", err
	}
	if err := s.goesLive(ctx, "payments", sha); err != nil {
		return "", err
	}
	return fmt.Sprintf("two approvals were refused; with @%s's payments went live at %s", maintainer, short(sha)), nil
}

func (s *story) failingTest(ctx context.Context) (string, error) {
	files := map[string]string{"web/main.go": strings.Replace(s.files["web/main.go"], "Welcome to the shop", "Hello", 1)}
	_, sha, err := s.merged(ctx, "hello", "Greet more shortly", "failure", files)
	if err != nil {
		return "", err
	}
	run, err := s.concludes(ctx, sha, "test", "failure")
	if err != nil {
		return "", err
	}
	s.say("the check run test shows:\n%s", failingLines(run.Output.Summary+"\n"+run.Output.Text))
	if _, err := s.concludes(ctx, sha, "slipway", "failure"); err != nil {
		return "", err
	}
	state, _, err := s.deployed(ctx, sha, "web/production")
	if err != nil || state != "" {
		return "", fmt.Errorf("GitHub shows a deployment of %s: %q (%v)", short(sha), state, err)
	}
	now, err := s.version(ctx, "web")
	if err != nil || now != s.lastGood {
		return "", fmt.Errorf("web answers as %q (%v)", short(now), err)
	}
	return fmt.Sprintf("nothing was deployed; web still answers as %s", short(now)), nil
}

// failingLines is what a reader looks for in a failing test's output.
func failingLines(text string) string {
	var lines []string
	for _, l := range strings.Split(text, "\n") {
		if strings.Contains(l, "FAIL") || strings.Contains(l, "main_test.go") {
			lines = append(lines, strings.TrimSpace(l))
		}
	}
	return strings.Join(lines[:min(len(lines), 5)], "\n")
}

func (s *story) sickRelease(ctx context.Context) (string, error) {
	healthy := `func healthz(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }`
	sick := strings.NewReplacer(healthy, `func healthz(w http.ResponseWriter, _ *http.Request) {
	if os.Getenv("CATALOG") == "" { // nobody set it where this runs
		http.Error(w, "no catalog", http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "ok")
}`, `"net/http"`, "\"net/http\"\n\t\"os\"", "Welcome to the shop", "Welcome to the shop and its catalog").Replace(s.files["web/main.go"])
	pull, sha, err := s.merged(ctx, "catalog", "Show the catalog", "success", map[string]string{"web/main.go": sick})
	if err != nil {
		return "", err
	}
	if err := s.goesBack(ctx, sha); err != nil {
		return "", err
	}
	fixed := strings.Replace(s.files["web/main.go"], "Welcome to the shop", "Welcome to the shop and its catalog", 1)
	_, fix, err := s.merged(ctx, "repair", "Do without the catalog's address", "success", map[string]string{"web/main.go": fixed})
	if err != nil {
		return "", err
	}
	if err := s.titled(ctx, fix, "promote: web → production", "old"); err != nil { // held, or on hold
		return "", err
	}
	s.say("the repair is green and waits: after a rollback the lane is held")
	if err := s.comment(pull, maintainer, "/unhold web"); err != nil {
		return "", err
	}
	if err := s.goesLive(ctx, "web", fix); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s was rolled back by itself; after /unhold the repair is live at %s", short(sha), short(fix)), nil
}

// goesBack waits until a sick release was there and the one before it is again.
func (s *story) goesBack(ctx context.Context, sick string) error {
	if _, err := s.concludes(ctx, sick, "promote: web → production", "failure"); err != nil {
		return err
	}
	s.say("%s was deployed, answered badly, and was rolled back", short(sick))
	return until(ctx, "web back at "+short(s.lastGood), func(ctx context.Context) (bool, string, error) {
		state, task, err := s.deployed(ctx, s.lastGood, "web/production")
		if err != nil {
			return false, "", err
		}
		now, err := s.version(ctx, "web")
		return task == "rollback" && state == "success" && now == s.lastGood, fmt.Sprintf("%s %q, web answers %q", task, state, short(now)), err
	})
}
