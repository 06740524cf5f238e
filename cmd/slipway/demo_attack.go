package main

import (
	"context"
	"fmt"
	"strings"
)

// attack is a push between what a maintainer has read and their approval of it.
func (s *story) attack(ctx context.Context) (string, error) {
	before, err := s.version(ctx, "payments")
	if err != nil {
		return "", err
	}
	honest := strings.Replace(s.files["payments/main.go"], "%d.%02d EUR", "%d,%02d EUR", 1)
	pull, _, err := s.change(ctx, "comma", "Write a comma, as people here do", map[string]string{
		"payments/main.go": honest, "payments/main_test.go": strings.ReplaceAll(s.files["payments/main_test.go"], "39.98 EUR", "39,98 EUR"),
	})
	if err != nil {
		return "", err
	}
	read := pull.Head()
	if _, err := s.answered(ctx, pull.Number(), "It can be approved before the merge: `/approve payments production`"); err != nil {
		return "", err
	}
	s.say("the card says that it can be approved before the merge; @%s reads its commit %s", maintainer, short(read))
	door := strings.Replace(honest, "package main\n", "package main\n\n// And a back door.\n", 1)
	if _, err := s.repo.Commit(contributor, "comma", "Small things", map[string]string{"payments/main.go": door}); err != nil {
		return "", fmt.Errorf("pushing to #%d: %w", pull.Number(), err)
	}
	pushed := pull.Head()
	s.say("@%s pushes %s to it, a back door", contributor, short(pushed))
	if err := s.comment(pull, maintainer, "/approve payments production "+short(read)); err != nil {
		return "", err
	}
	line, err := s.answered(ctx, pull.Number(), "was the head of #")
	if err != nil {
		return "", err
	}
	s.say("slipway answers: %s", line)
	sha, err := s.merge(ctx, pull, "success")
	if err != nil {
		return "", err
	}
	if err := s.waitsForApproval(ctx, "payments", sha); err != nil {
		return "", err
	}
	if now, err := s.version(ctx, "payments"); err != nil || now != before {
		return "", fmt.Errorf("payments answers as %q (%v)", short(now), err)
	}
	return fmt.Sprintf("the approval was refused; merged all the same, %s waits for a person, and payments still answers as %s", short(sha), short(before)), nil
}
