package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app/standin"
)

// What people of scenarios say elsewhere than in a conversation, what they change of it, and how the App reacts.

// assess LOGIN PULL approve|changes|comment [BODY]: a review, which takes a text unless it approves
func (s *scene) assess(w []string) error {
	p, err := s.pull(w[1])
	if err != nil {
		return err
	}
	state, ok := map[string]string{"approve": "approved", "changes": "changes_requested", "comment": "commented"}[w[2]]
	if !ok {
		return fmt.Errorf("no kind of review %q", w[2])
	}
	text, err := s.named(strings.Join(w[3:], " "))
	if err != nil {
		return err
	}
	_, err = p.Review(w[0], state, text)
	return err
}

// dismiss LOGIN PULL REVIEWER [first]: the reviewer's newest review, or the first
func (s *scene) dismiss(w []string) error {
	p, err := s.pull(w[1])
	if err != nil {
		return err
	}
	all := p.Reviews()
	if !slices.Contains(w, "first") {
		slices.Reverse(all)
	}
	for _, r := range all {
		if r.Author == w[2] {
			return p.Dismiss(r.ID, w[0], "not any more")
		}
	}
	return fmt.Errorf("no review by %s", w[2])
}

// remark LOGIN PULL PATH BODY: on a file of the change
func (s *scene) remark(w []string) error {
	p, err := s.pull(w[1])
	if err != nil {
		return err
	}
	text, err := s.named(strings.Join(w[3:], " "))
	if err != nil {
		return err
	}
	_, err = p.Remark(w[0], w[2], text)
	return err
}

// oncommit LOGIN COMMIT BODY
func (s *scene) onCommit(w []string) error {
	sha, err := s.sha(w[1])
	if err != nil {
		return err
	}
	text, err := s.named(strings.Join(w[2:], " "))
	if err != nil {
		return err
	}
	_, err = s.repo.CommentOn(w[0], sha, text)
	return err
}

// edit LOGIN PULL AUTHOR BODY: the author's newest comment in the conversation
func (s *scene) edit(w []string) error {
	c, err := s.newestBy(w[1], w[2])
	if err != nil {
		return err
	}
	text, err := s.named(strings.Join(w[3:], " "))
	if err != nil {
		return err
	}
	return c.Edit(w[0], text)
}

// erase LOGIN PULL AUTHOR: the author's newest comment in the conversation
func (s *scene) erase(w []string) error {
	c, err := s.newestBy(w[1], w[2])
	if err != nil {
		return err
	}
	return c.Delete(w[0])
}

// newestBy is the newest comment of an author in the conversation of a pull request.
func (s *scene) newestBy(pull, author string) (standin.Comment, error) {
	p, err := s.pull(pull)
	if err != nil {
		return standin.Comment{}, err
	}
	for _, c := range slices.Backward(p.Comments()) {
		if c.Author == author {
			return c, nil
		}
	}
	return standin.Comment{}, fmt.Errorf("no comment by %s", author)
}

// reaction PULL [AUTHOR] CONTENT: on the author's newest comment in the conversation, or on the newest by a person
func (s *scene) isReaction(w []string) (bool, string, error) {
	p, err := s.pull(w[0])
	if err != nil {
		return false, "", err
	}
	return reacted(p.Comments(), w[len(w)-1], func(c standin.Comment) bool {
		if len(w) > 2 {
			return c.Author == w[1]
		}
		return byPerson(c)
	})
}

// remarked PULL CONTENT: on the newest comment on the change
func (s *scene) isRemarked(w []string) (bool, string, error) {
	p, err := s.pull(w[0])
	if err != nil {
		return false, "", err
	}
	return reacted(p.Remarks(), w[1], byPerson)
}

// committed COMMIT CONTENT: on the newest comment on the commit
func (s *scene) isCommitted(w []string) (bool, string, error) {
	sha, err := s.sha(w[0])
	if err != nil {
		return false, "", err
	}
	return reacted(s.repo.CommentsOn(sha), w[1], byPerson)
}

// ourBot is in whose name the App writes.
const ourBot = "slipway[bot]"

func byPerson(c standin.Comment) bool { return c.Author != ourBot }

// reacted says whether the App reacted so to the newest comment that fits.
func reacted(all []standin.Comment, content string, fits func(standin.Comment) bool) (bool, string, error) {
	for _, c := range slices.Backward(all) {
		if fits(c) {
			return slices.Contains(c.Reactions, standin.Reaction{Author: ourBot, Content: content}), fmt.Sprint(c.Reactions), nil
		}
	}
	return false, "no comment", nil
}
