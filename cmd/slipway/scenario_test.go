package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/slipway-cd/slipway/app/standin"
)

// A scenario is a text that reads like a story, and the files that it speaks of. It runs against the real server and the stand-in GitHub,
// held against GitHub's own descriptions, with real git and real programs; only time stands still until it says `advance`.

// deadline bounds each expectation, in the machine's time: it is only ever reached by a scenario that fails.
const deadline = 30 * time.Second

func TestScenarios(t *testing.T) {
	paths, err := filepath.Glob("testdata/scenario/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			runScenario(t, archive)
		})
	}
}

// scene is a scenario that is being played.
type scene struct {
	*stage
	t       *testing.T
	files   map[string]string
	pulls   map[string]*standin.Pull
	commits map[string]string // by name: what `as NAME` remembered
	groups  map[string]*standin.MergeGroup
	broken  []*standin.Broken
	struck  []func() bool // of each fault, whether it came
}

func runScenario(t *testing.T, a *txtar.Archive) *scene {
	s := &scene{
		stage: newStage(t), t: t, files: map[string]string{}, pulls: map[string]*standin.Pull{}, commits: map[string]string{},
		groups: map[string]*standin.MergeGroup{},
	}
	for _, f := range a.Files {
		s.files[f.Name] = s.fill(string(f.Data))
	}
	for i, line := range strings.Split(string(a.Comment), "\n") {
		words := split(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := s.play(words); err != nil {
			t.Fatalf("line %d: %s\n%v\n%s", i+1, line, err, s.situation())
		}
	}
	if err := s.allStruck(); err != nil {
		t.Fatal(err)
	}
	if err := receiptsHold(s.repo, s.set.data, s.keyFile); err != nil {
		t.Fatal(err)
	}
	return s
}

// split cuts a line into words; "quoted ones" may hold spaces.
func split(line string) []string {
	var words []string
	for _, w := range regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\S+`).FindAllString(line, -1) {
		if strings.HasPrefix(w, `"`) {
			w = strings.NewReplacer(`\n`, "\n", `\"`, `"`, `\\`, `\`).Replace(w[1 : len(w)-1])
		}
		words = append(words, w)
	}
	return words
}

// play plays one line.
func (s *scene) play(words []string) error {
	verbs := map[string]func([]string) error{
		"user": s.user, "custom": s.custom, "team": s.team, "commit": s.commit, "branch": s.branch, "force": s.force, "pr": s.pr, "fork": s.fork, "update": s.update, "merge": s.merge,
		"close": s.closePull, "lock": s.lock, "label": s.label, "comment": s.comment, "press": s.press, "rerun": s.rerun, "foreign": s.foreign, "queue": s.queue,
		"dequeue": s.dequeue, "health": s.health, "sick": s.makeSick, "advance": s.advanceBy, "restart": s.restartNow, "stop": s.stopNow, "start": s.startNow,
		"uninstall": s.uninstall, "suspend": s.suspend, "unsuspend": s.unsuspend, "lose": s.lose, "repeat": s.repeat, "break": s.breakIt, "mend": s.mend,
		"install": s.install, "delete": s.deleteRepo, "lag": s.lag, "secret": s.secret, "rename": s.rename, "transfer": s.transfer, "found": s.found,
		"environment": s.environment, "protect": s.protect, "dispatch": s.dispatch, "review": s.review, "cancelrun": s.cancelRun, "again": s.again,
		"assess": s.assess, "dismiss": s.dismiss, "remark": s.remark, "oncommit": s.onCommit, "edit": s.edit, "erase": s.erase,
		"home": s.home, "slipway": s.slipway, "elsewhere": s.elsewhere, "expect": s.expect, "never": s.never,
	}
	do, ok := verbs[words[0]]
	if !ok {
		return fmt.Errorf("no verb %q", words[0])
	}
	return do(words[1:])
}

// sha is the commit that a word names: a name from `as`, branch, pr.head, pr.merge, or a full one.
func (s *scene) sha(word string) (string, error) {
	if c, ok := s.commits[word]; ok {
		return c, nil
	}
	name, part, dotted := strings.Cut(word, ".")
	if p, ok := s.pulls[name]; ok && dotted {
		if part == "head" {
			return p.Head(), nil
		}
		return p.MergeCommit(), nil
	}
	if head := s.repo.Head(word); head != "" {
		return head, nil
	}
	return "", fmt.Errorf("no commit %q", word)
}

// as remembers a commit under the name behind the word as.
func (s *scene) as(words []string, sha string) {
	if name := behind(words, "as"); name != "" {
		s.commits[name] = sha
	}
}

// behind is the word behind another, or "".
func behind(words []string, word string) string {
	if i := slices.Index(words, word); i >= 0 && i+1 < len(words) {
		return words[i+1]
	}
	return ""
}

// change is the files of a folder of the archive. Those whose text is "deleted" are taken away.
func (s *scene) change(folder string) (files map[string]string, gone []string) {
	files = map[string]string{}
	for name, text := range s.files {
		path, ok := strings.CutPrefix(name, folder+"/")
		switch {
		case !ok:
		case strings.TrimSpace(text) == "deleted":
			gone = append(gone, path)
		default:
			files[path] = text
		}
	}
	return files, gone
}

// user LOGIN ROLE [EMAIL]
func (s *scene) user(w []string) error {
	if err := s.addUser(w[0], w[1]); err != nil || len(w) < 3 {
		return err
	}
	return s.github.SetEmail(w[0], w[2])
}

// team NAME LOGIN …: a team of acme
func (s *scene) team(w []string) error { return s.github.AddTeam("acme", w[0], w[1:]...) }

// commit LOGIN BRANCH MESSAGE FOLDER [as NAME] [by AUTHOR] [dated DAY]
func (s *scene) commit(w []string) (err error) {
	files, gone := s.change(w[3])
	change := standin.Change{Branch: w[1], Message: w[2], Files: files, Delete: gone, Author: behind(w, "by")}
	if day := behind(w, "dated"); day != "" {
		if change.Dated, err = time.Parse(time.DateOnly, day); err != nil {
			return err
		}
	}
	sha, err := s.repo.Push(w[0], change)
	s.as(w, sha)
	return err
}

// force LOGIN BRANCH ONTO MESSAGE FOLDER [as NAME]
func (s *scene) force(w []string) error {
	onto, err := s.sha(w[2])
	if err != nil {
		return err
	}
	files, _ := s.change(w[4])
	sha, err := s.repo.ForcePush(w[0], w[1], onto, w[3], files)
	s.as(w, sha)
	return err
}

// branch LOGIN BRANCH COMMIT: pushes a commit that is there already
func (s *scene) branch(w []string) error {
	sha, err := s.sha(w[2])
	if err != nil {
		return err
	}
	return s.repo.Branch(w[0], w[1], sha)
}

// pr LOGIN NAME TITLE BRANCH
func (s *scene) pr(w []string) error {
	p, err := s.repo.OpenPullRequest(w[0], w[2], w[3], "main")
	s.pulls[w[1]] = p
	return err
}

// fork LOGIN NAME TITLE FOLDER: a pull request from a fork
func (s *scene) fork(w []string) error {
	f, err := s.repo.Fork(w[0])
	if err != nil {
		return err
	}
	files, gone := s.change(w[3])
	if _, err := f.Push(w[0], standin.Change{Branch: "change", Message: w[2], Files: files, Delete: gone}); err != nil {
		return err
	}
	p, err := s.repo.OpenPullRequest(w[0], w[2], w[0]+":change", "main")
	s.pulls[w[1]] = p
	return err
}

func (s *scene) pull(name string) (*standin.Pull, error) {
	if p, ok := s.pulls[name]; ok {
		return p, nil
	}
	return nil, fmt.Errorf("no pull request %q", name)
}

// merge LOGIN NAME [METHOD]
func (s *scene) merge(w []string) error {
	p, err := s.pull(w[1])
	if err != nil {
		return err
	}
	method := "squash"
	if len(w) > 2 {
		method = w[2]
	}
	_, err = p.Merge(w[0], method)
	return err
}

// update LOGIN NAME [as COMMIT]: the button Update branch
func (s *scene) update(w []string) error {
	p, err := s.pull(w[1])
	if err != nil {
		return err
	}
	sha, err := p.UpdateBranch(w[0])
	s.as(w, sha)
	return err
}

// lock LOGIN NAME
func (s *scene) lock(w []string) error {
	p, err := s.pull(w[1])
	if err != nil {
		return err
	}
	return p.Lock(w[0])
}

// label LOGIN NAME LABEL
func (s *scene) label(w []string) error {
	p, err := s.pull(w[1])
	if err != nil {
		return err
	}
	return p.Label(w[0], w[2])
}

// close LOGIN NAME
func (s *scene) closePull(w []string) error {
	p, err := s.pull(w[1])
	if err != nil {
		return err
	}
	return p.Close(w[0])
}

// comment LOGIN NAME TEXT: {NAME} in the text is a commit's first twelve digits
func (s *scene) comment(w []string) error {
	p, err := s.pull(w[1])
	if err != nil {
		return err
	}
	text, err := s.named(strings.Join(w[2:], " "))
	if err != nil {
		return err
	}
	_, err = p.Comment(w[0], text)
	return err
}

// named fills {NAME} with a commit's first twelve digits.
func (s *scene) named(text string) (string, error) {
	var failed error
	out := regexp.MustCompile(`\{[^}]+\}`).ReplaceAllStringFunc(text, func(m string) string {
		sha, err := s.sha(m[1 : len(m)-1])
		if err != nil {
			failed = err
			return m
		}
		return sha[:12]
	})
	return out, failed
}

// press LOGIN COMMIT CHECK BUTTON: as soon as there is such a button
func (s *scene) press(w []string) error {
	sha, err := s.sha(w[1])
	if err != nil {
		return err
	}
	var run standin.CheckRun
	err = s.await(func() (bool, string, error) {
		found, ok := s.repo.CheckRun(sha, w[2])
		has := func(a standin.Action) bool { return a.Identifier == w[3] }
		run = found
		return ok && slices.ContainsFunc(found.Actions, has), fmt.Sprintf("%+v", found.Actions), nil
	})
	if err != nil {
		return err
	}
	return s.repo.Press(w[0], run.ID, w[3])
}

// rerun LOGIN COMMIT CHECK
func (s *scene) rerun(w []string) error {
	sha, err := s.sha(w[1])
	if err != nil {
		return err
	}
	run, ok := s.repo.CheckRun(sha, w[2])
	if !ok {
		return fmt.Errorf("no check run %q", w[2])
	}
	return s.repo.Rerequest(w[0], run.ID)
}

// foreign SLUG COMMIT NAME CONCLUSION: another App reports
func (s *scene) foreign(w []string) error {
	sha, err := s.sha(w[1])
	if err != nil {
		return err
	}
	_, err = s.repo.ForeignCheck(w[0], 77, sha, w[2], w[3])
	return err
}

// queue LOGIN NAME [as COMMIT]: into the merge queue
func (s *scene) queue(w []string) error {
	p, err := s.pull(w[1])
	if err != nil {
		return err
	}
	g, err := s.repo.Enqueue(w[0], p)
	if err == nil {
		s.as(w, g.SHA())
		s.groups[w[1]] = g
	}
	return err
}

// dequeue NAME: out of the merge queue
func (s *scene) dequeue(w []string) error { return s.groups[w[0]].Destroy("dequeued") }

// health well, sick or gone: how the deployed service answers
func (s *scene) health(w []string) error {
	s.answers.Store(map[string]int32{"well": http.StatusOK, "sick": http.StatusInternalServerError}[w[0]])
	return nil
}

// sick COMMIT: it answers badly wherever it is live
func (s *scene) makeSick(w []string) error {
	sha, err := s.sha(w[0])
	s.stage.sick.Store(sha, true)
	return err
}

// advance DURATION
func (s *scene) advanceBy(w []string) error {
	d, err := time.ParseDuration(w[0])
	if err != nil {
		return err
	}
	return s.advance(d)
}
