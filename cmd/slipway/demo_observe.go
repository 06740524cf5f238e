package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// patience is how long an act waits for what it expects.
const patience = 40 * time.Second

// get asks GitHub's API as a user does.
func (w *world) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, "GET", w.github.URL()+"/repos/acme/shop/"+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+w.users[contributor].Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GitHub answers %s with %s", path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// checkRun is a check run as GitHub's API tells it.
type checkRun struct {
	ID         int64
	Name       string
	Status     string
	Conclusion string
	Output     struct{ Title, Summary, Text string }
}

// checkRun is the newest check run of that name on a commit; the zero value if there is none.
func (w *world) checkRun(ctx context.Context, sha, name string) (newest checkRun, err error) {
	var list struct {
		CheckRuns []checkRun `json:"check_runs"`
	}
	err = w.get(ctx, "commits/"+sha+"/check-runs?per_page=100&check_name="+url.QueryEscape(name), &list)
	for _, r := range list.CheckRuns {
		if r.ID > newest.ID {
			newest = r
		}
	}
	return newest, err
}

// deployed is the state of the newest deployment of a commit in an environment, and its task; "" if there is none.
func (w *world) deployed(ctx context.Context, sha, environment string) (state, task string, err error) {
	var deployments []struct {
		ID   int64
		Task string
	}
	query := url.Values{"environment": {environment}}
	if sha != "" {
		query.Set("sha", sha)
	}
	if err := w.get(ctx, "deployments?"+query.Encode(), &deployments); err != nil || len(deployments) == 0 {
		return "", "", err
	}
	var statuses []struct{ State string }
	err = w.get(ctx, fmt.Sprintf("deployments/%d/statuses", deployments[0].ID), &statuses)
	if err != nil || len(statuses) == 0 {
		return "", deployments[0].Task, err
	}
	return statuses[0].State, deployments[0].Task, nil
}

// comments is what was said on a pull request, oldest first.
func (w *world) comments(ctx context.Context, pull int) ([]string, error) {
	var list []struct {
		Body string
		User struct{ Login string }
	}
	err := w.get(ctx, fmt.Sprintf("issues/%d/comments?per_page=100", pull), &list)
	var texts []string
	for _, c := range list {
		texts = append(texts, c.User.Login+": "+c.Body)
	}
	return texts, err
}

// version asks a deployed service which commit it is.
func (w *world) version(ctx context.Context, service string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", "http://127.0.0.1:"+w.ports[service]+"/version", nil)
	if err != nil {
		return "", err
	}
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 100))
	return string(text), err
}

// until asks again and again until what is expected is so, and says what was seen last if it never is.
func until(ctx context.Context, what string, seen func(context.Context) (ok bool, now string, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	last := "nothing"
	for {
		ok, now, err := seen(ctx)
		if err == nil && ok {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			now = err.Error()
		}
		if now != "" {
			last = now
		}
		select {
		case <-ctx.Done():
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return ctx.Err()
			}
			return fmt.Errorf("expected %s; seen: %s", what, last)
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// goesLive waits until GitHub shows a commit's deployment as succeeded and the service says that it is that commit.
func (w *world) goesLive(ctx context.Context, service, sha string) error {
	return until(ctx, service+" live at "+short(sha), func(ctx context.Context) (bool, string, error) {
		state, _, err := w.deployed(ctx, sha, service+"/production")
		if err != nil {
			return false, "", err
		}
		runs, err := w.version(ctx, service)
		seen := fmt.Sprintf("deployment %q, the service answers %q", state, short(runs))
		return state == "success" && runs == sha, seen, err
	})
}

// waitsForApproval waits until a promotion's check run asks for a person.
func (w *world) waitsForApproval(ctx context.Context, service, sha string) error {
	return w.titled(ctx, sha, "promote: "+service+" → production", "pproval")
}

// titled waits until a check run's title says something.
func (w *world) titled(ctx context.Context, sha, name, part string) error {
	return until(ctx, fmt.Sprintf("%q to say %q", name, part), func(ctx context.Context) (bool, string, error) {
		run, err := w.checkRun(ctx, sha, name)
		return strings.Contains(run.Output.Title, part), run.Output.Title, err
	})
}

// concludes waits until a check run is completed so.
func (w *world) concludes(ctx context.Context, sha, name, conclusion string) (run checkRun, err error) {
	err = until(ctx, fmt.Sprintf("%s to end as %s", name, conclusion), func(ctx context.Context) (bool, string, error) {
		run, err = w.checkRun(ctx, sha, name)
		return run.Status == "completed" && run.Conclusion == conclusion, run.Status + " " + run.Conclusion, err
	})
	return run, err
}

// answered waits until the App answers a comment with something, and gives the answer's first line.
func (w *world) answered(ctx context.Context, pull int, part string) (line string, err error) {
	err = until(ctx, fmt.Sprintf("an answer that says %q", part), func(ctx context.Context) (bool, string, error) {
		texts, err := w.comments(ctx, pull)
		for _, text := range texts {
			if who, body, _ := strings.Cut(text, ": "); who == "slipway[bot]" && strings.Contains(body, part) {
				line = firstLine(body)
				return true, "", nil
			}
		}
		if len(texts) > 0 {
			return false, texts[len(texts)-1], err
		}
		return false, "", err
	})
	return line, err
}

func firstLine(text string) string {
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "<!--") {
			return l
		}
	}
	return ""
}

func short(sha string) string { return sha[:min(12, len(sha))] }
