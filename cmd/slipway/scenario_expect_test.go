package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/standin"
)

// What a scenario expects to be so.

// expect WHAT …: waits until it is so
func (s *scene) expect(w []string) error {
	what, ok := s.expectations()[w[0]]
	if !ok {
		return fmt.Errorf("nothing called %q can be expected", w[0])
	}
	return s.await(func() (bool, string, error) { return what(w[1:]) })
}

// never WHAT …: says that it is not so, after everything has come to rest
func (s *scene) never(w []string) error {
	what, ok := s.expectations()[w[0]]
	if !ok {
		return fmt.Errorf("nothing called %q can be expected", w[0])
	}
	if err := s.rest(); err != nil {
		return err
	}
	if is, now, _ := what(w[1:]); is {
		return fmt.Errorf("it is so: %s", now)
	}
	return nil
}

func (s *scene) expectations() map[string]func([]string) (bool, string, error) {
	return map[string]func([]string) (bool, string, error){
		"check": s.isCheck, "title": s.isTitle, "text": s.isText, "comment": s.isSaid, "reaction": s.isReaction, "deployment": s.isDeployment, "live": s.isLive,
		"runs": s.isRuns, "report": s.isReported, "remarked": s.isRemarked, "committed": s.isCommitted,
		"ran": s.hasRun, "annotation": s.isAnnotated, "checks": s.checkCount, "lane": s.isOnPage, "button": s.isOffered,
	}
}

// check COMMIT NAME CONCLUSION-or-status
func (s *scene) isCheck(w []string) (bool, string, error) {
	sha, err := s.sha(w[0])
	if err != nil {
		return false, "", err
	}
	run, ok := s.repo.CheckRun(sha, w[1])
	is := run.Status
	if is == "completed" {
		is = run.Conclusion
	}
	return ok && is == w[2], is, nil
}

// title COMMIT NAME PART
func (s *scene) isTitle(w []string) (bool, string, error) {
	sha, err := s.sha(w[0])
	if err != nil {
		return false, "", err
	}
	run, _ := s.repo.CheckRun(sha, w[1])
	return strings.Contains(run.Title, w[2]), run.Title, nil
}

// text COMMIT NAME PART: in the summary or the text
func (s *scene) isText(w []string) (bool, string, error) {
	sha, err := s.sha(w[0])
	if err != nil {
		return false, "", err
	}
	part, err := s.named(w[2])
	run, _ := s.repo.CheckRun(sha, w[1])
	all := run.Summary + "\n" + run.Text
	return strings.Contains(all, part), all, err
}

// annotation COMMIT NAME LINE PART
func (s *scene) isAnnotated(w []string) (bool, string, error) {
	sha, err := s.sha(w[0])
	if err != nil {
		return false, "", err
	}
	run, _ := s.repo.CheckRun(sha, w[1])
	for _, a := range run.Annotations {
		if fmt.Sprint(a.StartLine) == w[2] && strings.Contains(a.Message, w[3]) {
			return true, a.Message, nil
		}
	}
	return false, fmt.Sprint(run.Annotations), nil
}

// checks COMMIT N: so many check runs in all
func (s *scene) checkCount(w []string) (bool, string, error) {
	sha, err := s.sha(w[0])
	if err != nil {
		return false, "", err
	}
	n := fmt.Sprint(len(s.repo.CheckRuns(sha)))
	return n == w[1], n, nil
}

// comment NAME PART: by the App
func (s *scene) isSaid(w []string) (bool, string, error) {
	p, err := s.pull(w[0])
	if err != nil {
		return false, "", err
	}
	part, err := s.named(w[1])
	var all []string
	for _, c := range p.Comments() {
		if c.Author == ourBot {
			all = append(all, c.Body)
			if strings.Contains(c.Body, part) {
				return true, c.Body, err
			}
		}
	}
	return false, strings.Join(all, "\n---\n"), err
}

// deployment ENVIRONMENT COMMIT STATE: the newest of that commit
func (s *scene) isDeployment(w []string) (bool, string, error) {
	sha, err := s.sha(w[1])
	if err != nil {
		return false, "", err
	}
	state := "none"
	for _, d := range s.repo.Deployments(w[0]) {
		if d.SHA == sha {
			state = d.Task + " " + d.State()
		}
	}
	return state == w[2] || strings.HasSuffix(state, " "+w[2]), state, nil
}

// live PLACE COMMIT: what the deploy step wrote there
func (s *scene) isLive(w []string) (bool, string, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "target", w[0]))
	if err != nil {
		return false, "nothing", nil
	}
	sha, err := s.sha(w[1])
	return strings.TrimSpace(string(text)) == sha, string(text), err
}

// ran FILE TIMES: how often a step added a line to it
func (s *scene) hasRun(w []string) (bool, string, error) {
	text, _ := os.ReadFile(filepath.Join(s.dir, "target", w[0]))
	n := fmt.Sprint(strings.Count(string(text), "\n"))
	return n == w[1], n + " times", nil
}

// lane NAME PART: on the lane's page. NAME is an environment, or SERVICE/ENVIRONMENT.
func (s *scene) isOnPage(w []string) (bool, string, error) {
	service, environment, both := strings.Cut(w[0], "/")
	if !both {
		service, environment = "", w[0]
	}
	address := s.server.signer.Lane(app.LaneAddress(app.RepoID(s.repo.ID()), service, environment))
	code, body := s.get(s.t, strings.TrimPrefix(address, s.set.publicURL))
	text := strings.Join(strings.Fields(regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`).ReplaceAllString(body, " ")), " ")
	part, err := s.named(w[1])
	return code == http.StatusOK && strings.Contains(text, part), text, err
}

// button COMMIT CHECK BUTTON
func (s *scene) isOffered(w []string) (bool, string, error) {
	sha, err := s.sha(w[0])
	if err != nil {
		return false, "", err
	}
	run, _ := s.repo.CheckRun(sha, w[1])
	return slices.ContainsFunc(run.Actions, func(a standin.Action) bool { return a.Identifier == w[2] }), fmt.Sprint(run.Actions), nil
}

// await waits until something is so. Whatever happens at GitHub makes it look again, and small waits of the server (between two writes of
// one view, say) are let pass.
func (s *scene) await(is func() (bool, string, error)) error {
	ctx, cancel := context.WithTimeout(s.t.Context(), deadline)
	defer cancel()
	for {
		changed := s.changed()
		ok, now, err := is()
		if err != nil || ok {
			return err
		}
		if err := s.wait(ctx, changed); err != nil {
			return fmt.Errorf("seen last: %s", now)
		}
	}
}
