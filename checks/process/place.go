package process

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
)

// record is what outlives the server about an attempt: which worktree it has, and how it ended.
type record struct {
	Key      string
	Repo     app.Repo
	Worktree string
	Ended    bool
	Status   app.Status // once ended
}

func recordPath(dir, key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(dir, hex.EncodeToString(sum[:16])+".json")
}

// readRecord reads what is known of a key; the zero value if nothing is.
func readRecord(dir, key string) (rec record, err error) {
	data, err := os.ReadFile(recordPath(dir, key))
	if errors.Is(err, os.ErrNotExist) {
		return rec, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &rec)
	}
	if err != nil {
		return rec, fmt.Errorf("reading what is known of %s: %w", key, err)
	}
	return rec, nil
}

func readRecords(dir string) ([]record, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []record
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		var rec record
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err == nil {
			err = json.Unmarshal(data, &rec)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		all = append(all, rec)
	}
	return all, nil
}

// writeRecord replaces a record as a whole, and it is on disk when it returns.
func writeRecord(dir string, rec record) error {
	data, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("writing down %s: %w", rec.Key, err)
	}
	path := recordPath(dir, rec.Key)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("writing down %s: %w", rec.Key, err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing down %s: %w", rec.Key, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("writing down %s: %w", rec.Key, err)
	}
	return nil
}

func slot(r app.Repo, worktree string) string { return fmt.Sprintf("%d/%s", r.ID, worktree) }

// place gives an attempt a worktree at its commit. The record is written first, so that the worktree is held again after a restart.
func (r *Runner) place(ctx context.Context, j checks.Job) (*place, error) {
	name := r.reserve(j)
	rec := record{Key: j.Key, Repo: j.Repo, Worktree: name}
	if err := writeRecord(r.Dir, rec); err != nil {
		r.unreserve(j, name)
		return nil, err
	}
	r.mu.Lock()
	p := r.held[j.Key]
	r.mu.Unlock()
	if p != nil { // adopted at the start, before its program began: it is brought to its commit anew
		p.release()
	}
	dir, release, err := r.Git.Worktree(ctx, j.Repo, j.Commit, name)
	if err != nil {
		r.leave(j.Key)
		r.unreserve(j, name)
		return nil, errors.Join(err, os.Remove(recordPath(r.Dir, j.Key)))
	}
	p = &place{rec, dir, release}
	r.mu.Lock()
	r.held[j.Key] = p
	r.mu.Unlock()
	return p, nil
}

// reserve picks a worktree that nobody has: the same check of a repository tends to get the one that is warm from its last run.
func (r *Runner) reserve(j checks.Job) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.held[j.Key]; p != nil {
		return p.Worktree
	}
	sum := sha256.Sum256([]byte(j.Check.ID()))
	for i := 1; ; i++ {
		name := fmt.Sprintf("%s-%d", hex.EncodeToString(sum[:6]), i)
		if !r.taken[slot(j.Repo, name)] {
			r.taken[slot(j.Repo, name)] = true
			return name
		}
	}
}

func (r *Runner) unreserve(j checks.Job, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.taken, slot(j.Repo, name))
}

// leave lets an attempt's worktree go.
func (r *Runner) leave(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.held[key]
	if p == nil {
		return
	}
	delete(r.held, key)
	delete(r.taken, slot(p.Repo, p.Worktree))
	p.release()
}
