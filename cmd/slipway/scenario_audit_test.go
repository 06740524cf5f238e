package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app/audit"
)

// What scenarios ask of the command line beside the server, and of the receipts that it leaves.

// slipway ARGS… TEXT: the command line says so, of this stage's server
func (s *scene) slipway(w []string) error {
	if err := s.rest(); err != nil {
		return err
	}
	last := len(w) - 1
	for i := range w {
		var err error
		if w[i], err = s.named(w[i]); err != nil {
			return err
		}
	}
	if _, said := s.commandLine(w[:last]...); !strings.Contains(said, w[last]) {
		return fmt.Errorf("it says:\n%s", said)
	}
	return nil
}

// commandLine runs a command on this stage's server, and gives its exit code and all that it says.
func (s *stage) commandLine(args ...string) (int, string) {
	return s.commandLineAt(s.set.data, args...)
}

// commandLineAt is the same on what is in a folder.
func (s *stage) commandLineAt(data string, args ...string) (int, string) {
	var said bytes.Buffer
	if args[0] == "audit" {
		args = append(slices.Clone(args), "--data", data, "--audit-key-file", s.keyFile)
	}
	code := run(args, streams{&said, &said})
	return code, said.String()
}

// told is the heads of which GitHub was told, as the payloads of our deployments hold them.
func (s *stage) told() (heads []string) {
	for _, d := range s.repo.Deployments("") {
		var payload struct{ Audit json.RawMessage }
		if err := json.Unmarshal([]byte(d.Payload), &payload); err == nil && len(payload.Audit) > 0 { // a workflow's has another
			heads = append(heads, string(payload.Audit))
		}
	}
	return heads
}

// receiptsHold verifies all receipts against their signatures and against what GitHub was told with each deployment of ours.
func (s *stage) receiptsHold() error {
	args := []string{"audit", "verify"}
	for _, h := range s.told() {
		var head audit.Head
		if err := json.Unmarshal([]byte(h), &head); err != nil || head.Row == 0 || head.Signature == "" {
			return fmt.Errorf("GitHub was told the head %s, which is none that is signed: %w", h, err)
		}
		args = append(args, "--head", h)
	}
	if code, said := s.commandLine(args...); code != 0 || !strings.Contains(said, " receipts hold.") {
		return fmt.Errorf("audit verify says %s", said)
	}
	return nil
}
