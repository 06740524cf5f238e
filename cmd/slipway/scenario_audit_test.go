package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app/audit"
	"github.com/slipway-cd/slipway/app/standin"
)

// What scenarios ask of the command line beside the server, and of the receipts that it leaves.

// slipway ARGS… TEXT: the command line says so, of this stage's server. An argument that is a file of the scenario becomes its path
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
		if text, is := s.files[w[i]]; is && i < last {
			w[i] = filepath.Join(s.dir, strings.ReplaceAll(w[i], "/", "_"))
			if err := os.WriteFile(w[i], []byte(text), 0o600); err != nil {
				return err
			}
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
	args = append(slices.Clone(args), "--data", data)
	switch args[0] {
	case "audit":
		args = append(args, "--audit-key-file", s.keyFile)
	case "explain", "simulate":
		args = append(args, "--listen", s.server.listener.Addr().String())
	}
	code := run(args, streams{&said, &said})
	return code, said.String()
}

// heads is those of which GitHub was told, as the payloads of our deployments hold them.
func heads(r *standin.Repo) (all []string) {
	for _, d := range r.Deployments("") {
		var payload struct{ Audit json.RawMessage }
		if err := json.Unmarshal([]byte(d.Payload), &payload); err == nil && len(payload.Audit) > 0 { // a workflow's has another
			all = append(all, string(payload.Audit))
		}
	}
	return all
}

// receiptsHold verifies all receipts against their signatures and against what GitHub was told with each deployment of ours.
func receiptsHold(r *standin.Repo, data, keyFile string) error {
	args := []string{"audit", "verify", "--data", data, "--audit-key-file", keyFile}
	for _, h := range heads(r) {
		var head audit.Head
		if err := json.Unmarshal([]byte(h), &head); err != nil || head.Row == 0 || head.Signature == "" {
			return fmt.Errorf("GitHub was told the head %s, which is none that is signed: %w", h, err)
		}
		args = append(args, "--head", h)
	}
	var said bytes.Buffer
	if code := run(args, streams{&said, &said}); code != 0 || !strings.Contains(said.String(), " receipts hold.") {
		return fmt.Errorf("audit verify says %s", said.String())
	}
	return nil
}
