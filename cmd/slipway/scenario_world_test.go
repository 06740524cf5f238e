package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-cd/slipway/app/standin"
)

// What happens to the server of a scenario, to its GitHub, and to the lines between them.

// restart: the server stops and starts again
func (s *scene) restartNow([]string) error {
	s.stopServer()
	s.startServer()
	return nil
}

func (s *scene) stopNow([]string) error { s.stopServer(); return nil }

func (s *scene) startNow([]string) error { s.startServer(); return nil }

// uninstall: the App is gone
func (s *scene) uninstall([]string) error { return s.github.Uninstall("acme") }

// suspend: the App may do nothing until `unsuspend`
func (s *scene) suspend([]string) error { return s.github.Suspend("acme") }

func (s *scene) unsuspend([]string) error { return s.github.Unsuspend("acme") }

// install: the App is there again
func (s *scene) install([]string) error {
	_, err := s.github.Install("acme")
	return err
}

// delete LOGIN: the repository is gone
func (s *scene) deleteRepo(w []string) error { return s.repo.Remove(w[0]) }

// rename LOGIN NAME
func (s *scene) rename(w []string) error { return s.repo.Rename(w[0], w[1]) }

// transfer LOGIN OWNER
func (s *scene) transfer(w []string) error { return s.repo.Transfer(w[0], w[1]) }

// found NAME: another repository of that name, to which the story goes on
func (s *scene) found(w []string) error { return s.another("acme", w[0], "maintain") }

// home LOGIN: a person's own repository, to which the story goes on. Nobody can be made its maintainer.
func (s *scene) home(w []string) error {
	if _, err := s.github.AddUser(w[0]); err != nil {
		return err
	}
	if err := s.another(w[0], "hobby", "write"); err != nil {
		return err
	}
	_, err := s.github.Install(w[0])
	return err
}

// custom LOGIN ROLE BASE: a role that the organisation made up
func (s *scene) custom(w []string) error { return s.repo.SetCustomRole(w[0], w[1], w[2]) }

// lag ANSWERS: so many answers of GitHub do not know yet which pull request became a commit
func (s *scene) lag(w []string) error {
	var answers int
	if _, err := fmt.Sscan(w[0], &answers); err != nil {
		return err
	}
	s.github.LagCommitPulls(answers)
	return nil
}

// lose EVENT: the next webhook of that kind never arrives
func (s *scene) lose(w []string) error {
	event, action, _ := strings.Cut(w[0], ".")
	was := s.deliveries(event, action, lost)
	s.github.BreakWebhooks(standin.HookMatch{Event: event, Action: action}, standin.HookFault{Lose: true})
	s.struck = append(s.struck, func() bool { return s.deliveries(event, action, lost) > was })
	return nil
}

// repeat EVENT: the next webhook of that kind comes three times
func (s *scene) repeat(w []string) error {
	event, action, _ := strings.Cut(w[0], ".")
	was := s.deliveries(event, action, repeated)
	s.github.BreakWebhooks(standin.HookMatch{Event: event, Action: action}, standin.HookFault{Copies: 2})
	s.struck = append(s.struck, func() bool { return s.deliveries(event, action, repeated) == was+1 })
	return nil
}

// deliveries counts the webhooks of a kind that were delivered so: all that bear one number are one.
func (s *scene) deliveries(event, action string, so func([]standin.Delivery) bool) (n int) {
	byNumber := map[string][]standin.Delivery{}
	for _, d := range s.github.Deliveries() {
		if d.Event == event && (action == "" || d.Action == action) && !d.Redelivery {
			byNumber[d.GUID] = append(byNumber[d.GUID], d)
		}
	}
	for _, all := range byNumber {
		if so(all) {
			n++
		}
	}
	return n
}

func lost(all []standin.Delivery) bool     { return all[0].StatusCode == 0 }
func repeated(all []standin.Delivery) bool { return len(all) == 3 }

// break METHOD PATH STATUS TIMES: GitHub answers so. Instead of a status: drop, it cuts the connection; unanswered, it does what is asked and
// cuts the connection then. TIMES can be always, until `mend`.
func (s *scene) breakIt(w []string) error {
	var times int
	if w[3] == "always" {
		times = -1
	} else if _, err := fmt.Sscan(w[3], &times); err != nil {
		return err
	}
	var fault standin.Fault
	switch w[2] {
	case "403":
		fault = standin.SecondaryLimit(60)
	case "drop":
		fault.Drop = true
	case "unanswered":
		fault.DropAnswer = true
	default:
		if _, err := fmt.Sscan(w[2], &fault.Status); err != nil {
			return err
		}
	}
	b := s.github.Break(standin.Match{Method: strings.ReplaceAll(w[0], "ANY", ""), Path: w[1], Times: times}, fault)
	s.broken = append(s.broken, b)
	s.struck = append(s.struck, func() bool { return b.Hits() >= max(1, times) })
	return nil
}

// mend: GitHub is well again
func (s *scene) mend([]string) error {
	if len(s.broken) == 0 {
		return errors.New("nothing is broken")
	}
	for _, b := range s.broken {
		b.Lift()
	}
	s.broken = nil
	return nil
}

// secret PATH VALUE: a file of the operator's secrets
func (s *scene) secret(w []string) error {
	path := filepath.Join(s.dir, "secrets", w[0])
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(w[1]), 0o600)
}

// allStruck says which of the faults that a scenario speaks of never came.
func (s *scene) allStruck() error {
	for i, struck := range s.struck {
		if !struck() {
			return fmt.Errorf("the %d. of what was to break, to be lost or to be repeated never was, or not often enough", i+1)
		}
	}
	return nil
}

// elsewhere LOGIN REPOSITORY MESSAGE FOLDER [as NAME]: a push to main of another repository of acme, which is made if it is not there
func (s *scene) elsewhere(w []string) (err error) {
	r, there := s.github.Repository("acme", w[1])
	if !there {
		if r, err = s.github.CreateRepository("acme", w[1], standin.RepoOptions{Organization: true, Private: true}); err != nil {
			return err
		}
		if err := r.SetRole(w[0], "maintain"); err != nil {
			return err
		}
	}
	files, gone := s.change(w[3])
	sha, err := r.Push(w[0], standin.Change{Branch: "main", Message: w[2], Files: files, Delete: gone})
	s.as(w, sha)
	return err
}
