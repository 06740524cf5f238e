package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/github"
)

// missing is what the App lacks, as far as GitHub has said. It is safe for concurrent use.
type missing struct {
	mu        sync.Mutex
	sentences []string
	slug      string
}

func (m *missing) set(slug string, sentences []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slug, m.sentences = slug, sentences
}

// list is what is missing, a sentence each.
func (m *missing) list() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.sentences...)
}

// How often GitHub is asked again what the App lacks.
const (
	unanswered = time.Minute
	lacking    = 10 * time.Minute
)

// introduce asks GitHub which App we are and says in the log what it lacks, until it lacks nothing. The server works meanwhile: GitHub may be
// down when it starts, and a permission is asked for while it runs.
func (s *server) introduce(ctx context.Context) {
	said := ""
	for ctx.Err() == nil {
		again := lacking
		info, err := s.github.App(ctx)
		if err != nil {
			again = unanswered
			s.missing.set("", []string{"GitHub does not say which App this is: " + sentenceOf(err)})
			s.log.Error("asking GitHub which App this is", "error", err)
		} else if lacks := slices.Concat(github.Missing(info), github.MissingForActions(info), github.MissingForTeams(info)); len(lacks) > 0 {
			s.missing.set(info.Slug, lacks)
			if all := strings.Join(lacks, " "); all != said {
				said = all
				s.log.Warn("the GitHub App lacks something", "what", all)
			}
		} else {
			s.missing.set(info.Slug, nil)
			return
		}
		fired, stop := s.around.clock.Timer(s.around.clock.Now().Add(again))
		select {
		case <-fired:
		case <-ctx.Done():
		}
		stop()
	}
}

// sentenceOf is an error in the operator's words.
func sentenceOf(err error) string {
	switch app.KindOf(err) {
	case app.ErrDenied:
		return "it refuses the App's key. Compare SLIPWAY_GITHUB_APP_ID with SLIPWAY_GITHUB_PRIVATE_KEY_FILE."
	case app.ErrNotFound:
		return "there is no such App. Look at SLIPWAY_GITHUB_APP_ID and SLIPWAY_GITHUB_API_URL."
	}
	return err.Error()
}
