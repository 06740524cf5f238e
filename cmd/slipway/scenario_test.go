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
	broken  []*standin.Broken
}

func runScenario(t *testing.T, a *txtar.Archive) {
	s := &scene{stage: newStage(t), t: t, files: map[string]string{}, pulls: map[string]*standin.Pull{}, commits: map[string]string{}}
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
		"user": s.user, "commit": s.commit, "force": s.force, "pr": s.pr, "merge": s.merge, "close": s.closePull, "comment": s.comment, "press": s.press,
		"rerun": s.rerun, "foreign": s.foreign, "queue": s.queue, "health": s.health, "sick": s.makeSick, "advance": s.advanceBy, "restart": s.restartNow,
		"stop": s.stopNow, "start": s.startNow, "uninstall": s.uninstall, "lose": s.lose, "repeat": s.repeat, "break": s.breakIt, "expect": s.expect, "never": s.never,
		"secret": s.secret, "rename": s.rename, "fork": s.fork, "found": s.found,
		"install": s.install, "suspend": s.suspend, "unsuspend": s.unsuspend, "delete": s.deleteRepo, "mend": s.mend,
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

// commit LOGIN BRANCH MESSAGE FOLDER [as NAME] [by AUTHOR]
func (s *scene) commit(w []string) error {
	files, gone := s.change(w[3])
	sha, err := s.repo.Push(w[0], standin.Change{Branch: w[1], Message: w[2], Files: files, Delete: gone, Author: behind(w, "by")})
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

// press LOGIN COMMIT CHECK BUTTON
func (s *scene) press(w []string) error {
	sha, err := s.sha(w[1])
	if err != nil {
		return err
	}
	run, ok := s.repo.CheckRun(sha, w[2])
	if !ok {
		return fmt.Errorf("no check run %q", w[2])
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
	}
	return err
}

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

func (s *scene) restartNow([]string) error {
	s.stopServer()
	s.startServer()
	return nil
}

func (s *scene) stopNow([]string) error { s.stopServer(); return nil }

func (s *scene) startNow([]string) error { s.startServer(); return nil }

// uninstall: the App is gone
func (s *scene) uninstall([]string) error { return s.github.Uninstall("acme") }

// install: the App is there again
func (s *scene) install([]string) error {
	_, err := s.github.Install("acme")
	return err
}

// suspend: the App may do nothing for a while
func (s *scene) suspend([]string) error { return s.github.Suspend("acme") }

// unsuspend: the App works again
func (s *scene) unsuspend([]string) error { return s.github.Unsuspend("acme") }

// delete LOGIN: the repository is gone
func (s *scene) deleteRepo(w []string) error { return s.repo.Remove(w[0]) }

// mend: GitHub answers as it should again
func (s *scene) mend([]string) error {
	for _, b := range s.broken {
		b.Lift()
	}
	return nil
}

// rename LOGIN NAME
func (s *scene) rename(w []string) error { return s.repo.Rename(w[0], w[1]) }

// found NAME: another repository of that name, to which the story goes on
func (s *scene) found(w []string) error { return s.another(w[0]) }

// lose EVENT: the next webhook of that kind never arrives
func (s *scene) lose(w []string) error {
	event, action, _ := strings.Cut(w[0], ".")
	s.github.BreakWebhooks(standin.HookMatch{Event: event, Action: action}, standin.HookFault{Lose: true})
	return nil
}

// repeat EVENT: the next webhook of that kind comes three times
func (s *scene) repeat(w []string) error {
	event, action, _ := strings.Cut(w[0], ".")
	s.github.BreakWebhooks(standin.HookMatch{Event: event, Action: action}, standin.HookFault{Copies: 2})
	return nil
}

// break METHOD PATH STATUS TIMES: GitHub answers so
func (s *scene) breakIt(w []string) error {
	var status, times int
	if _, err := fmt.Sscan(w[2]+" "+w[3], &status, &times); err != nil {
		return err
	}
	fault := standin.Fault{Status: status}
	if status == 403 {
		fault = standin.SecondaryLimit(60)
	}
	s.broken = append(s.broken, s.github.Break(standin.Match{Method: w[0], Path: w[1], Times: times}, fault))
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
		"ran": s.hasRun, "annotation": s.isAnnotated, "checks": s.checkCount,
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
	run, _ := s.repo.CheckRun(sha, w[1])
	all := run.Summary + "\n" + run.Text
	return strings.Contains(all, w[2]), all, nil
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
		if c.Author == "slipway[bot]" {
			all = append(all, c.Body)
			if strings.Contains(c.Body, part) {
				return true, c.Body, err
			}
		}
	}
	return false, strings.Join(all, "\n---\n"), err
}

// reaction NAME CONTENT: on the newest comment by a person
func (s *scene) isReaction(w []string) (bool, string, error) {
	p, err := s.pull(w[0])
	if err != nil {
		return false, "", err
	}
	var newest standin.Comment
	for _, c := range p.Comments() {
		if c.Author != "slipway[bot]" {
			newest = c
		}
	}
	for _, r := range newest.Reactions {
		if r.Content == w[1] {
			return true, r.Content, nil
		}
	}
	return false, fmt.Sprint(newest.Reactions), nil
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
