package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
)

// proof holds all receipts of the story against their signatures and against what GitHub was told with each deployment.
func (s *story) proof(ctx context.Context) (string, error) {
	told, err := s.told(ctx)
	if err != nil {
		return "", err
	}
	shown, err := s.audit(auditCommand{}, "show", short(s.now.sha))
	if err != nil {
		return "", err
	}
	for _, lane := range strings.Split(strings.TrimSpace(shown), "\n\n") {
		if strings.HasPrefix(lane, "payments → production") {
			s.say("slipway audit show %s\n%s", short(s.now.sha), lane)
		}
	}
	said, err := s.audit(auditCommand{Heads: told}, "verify", "")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("slipway audit verify, with the %d heads that GitHub was told: %s", len(told), firstLine(said)), nil
}

// audit runs the command line on the server's receipts.
func (w *world) audit(c auditCommand, do, commit string) (string, error) {
	var out bytes.Buffer
	c.Data, c.KeyFile = w.data(), w.auditKey()
	c.Args.Do, c.Args.Commit = do, commit
	err := c.Run(streams{&out, &out})
	return out.String(), err
}

func (w *world) data() string     { return filepath.Join(w.dir, "data") }
func (w *world) auditKey() string { return filepath.Join(w.dir, "audit.pem") }

// told is the heads that stand in the payloads of our deployments, as GitHub's API tells them.
func (w *world) told(ctx context.Context) (heads []string, err error) {
	var deployments []struct{ Payload json.RawMessage }
	if err := w.get(ctx, "deployments?per_page=100", &deployments); err != nil {
		return nil, err
	}
	for _, d := range deployments {
		var payload struct{ Audit json.RawMessage }
		if json.Unmarshal(d.Payload, &payload) == nil && len(payload.Audit) > 0 { // a workflow's has another
			heads = append(heads, string(payload.Audit))
		}
	}
	if len(heads) == 0 {
		return nil, fmt.Errorf("none of %d deployments on GitHub tells of a receipt", len(deployments))
	}
	return heads, nil
}
