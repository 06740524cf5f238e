package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// header is a lane without its promotions, which have rows of their own, and with the order of those that it holds in memory.
type header struct {
	deploy.Lane
	Attempts []app.Key
}

func newHeader(l deploy.Lane) (header, error) {
	h := header{Lane: l}
	h.Lane.Promotions = nil
	for _, p := range l.Promotions {
		if slices.Contains(h.Attempts, p.Attempt) {
			return header{}, fmt.Errorf("two of its attempts have the number %d", p.Attempt)
		}
		h.Attempts = append(h.Attempts, p.Attempt)
	}
	return h, nil
}

const (
	lane = `SELECT id, version, body FROM lanes WHERE repo = ?1 AND service = ?2 AND environment = ?3`
	kept = `SELECT lane, attempt, body FROM promotions WHERE lane = ?1 AND kept = 1`
)

// Lane is the lane at an address; version 0 is one that is not stored yet.
func (t *tx) Lane(at app.Address) (l deploy.Lane, version int64, err error) {
	s, err := t.storedLane(at)
	if err == nil {
		l, err = s.lane(t.db.memory)
	}
	if err != nil {
		return deploy.Lane{}, 0, fmt.Errorf("reading the lane %s: %w", at, err)
	}
	l.Repo, l.Service, l.Environment = at.Repo, at.Service, at.Environment
	return l, s.version, nil
}

// storedLane is what is stored of a lane.
type storedLane struct {
	id, version int64
	header      []byte
	promotions  map[app.Key][]byte // those that it holds in memory
}

// promotion is what is stored of an attempt.
type promotion struct {
	lane    int64
	attempt app.Key
	body    []byte
}

func readAttempt(s scanner) (p promotion, err error) {
	err = s.Scan(&p.lane, &p.attempt, &p.body)
	return p, err
}

// storedLane reads a lane, once in a transaction: it is loaded, stepped and saved in one.
func (t *tx) storedLane(at app.Address) (storedLane, error) {
	if s, ok := t.lanes[at]; ok {
		return s, nil
	}
	s := storedLane{promotions: map[app.Key][]byte{}}
	found, err := t.one([]any{&s.id, &s.version, &s.header}, lane, at.Repo, at.Service, at.Environment)
	if err != nil || !found {
		return s, err
	}
	promotions, err := all(t, readAttempt, kept, s.id)
	for _, p := range promotions {
		s.promotions[p.attempt] = p.body
	}
	if err == nil {
		t.lanes[at] = s
	}
	return s, err
}

// lane puts a lane together again.
func (s storedLane) lane(m *memory) (deploy.Lane, error) {
	if s.version == 0 {
		return deploy.Lane{}, nil
	}
	var h header
	if err := json.Unmarshal(s.header, &h); err != nil {
		return deploy.Lane{}, err
	}
	l := h.Lane
	for _, attempt := range h.Attempts {
		body, ok := s.promotions[attempt]
		if !ok {
			return deploy.Lane{}, fmt.Errorf("its attempt %d is missing", attempt)
		}
		p, err := m.read(body)
		if err != nil {
			return deploy.Lane{}, fmt.Errorf("its attempt %d: %w", attempt, err)
		}
		l.Promotions = append(l.Promotions, p)
	}
	return l, nil
}

const (
	insertLane = `INSERT INTO lanes (repo, service, environment, version, body) VALUES (?1, ?2, ?3, ?4 + 1, ?5)
		ON CONFLICT (repo, service, environment) DO NOTHING RETURNING id, version`
	updateLane = `UPDATE lanes SET version = version + 1, body = ?5
		WHERE repo = ?1 AND service = ?2 AND environment = ?3 AND version = ?4 RETURNING id, version`
)

// SaveLane writes a lane if the stored version is this one, and those of its attempts that have changed.
func (t *tx) SaveLane(l deploy.Lane, version int64) error {
	at := l.Address()
	before, err := t.storedLane(at)
	if err != nil {
		return fmt.Errorf("reading what is stored of the lane %s: %w", at, err)
	}
	h, err := newHeader(l)
	if err != nil {
		return fmt.Errorf("writing the lane %s: %w", at, err)
	}
	after := storedLane{promotions: map[app.Key][]byte{}}
	if after.header, err = json.Marshal(h); err != nil {
		return fmt.Errorf("writing the lane %s: %w", at, err)
	}
	query := updateLane
	if version == 0 {
		query = insertLane
	}
	saved, err := t.one([]any{&after.id, &after.version}, query, at.Repo, at.Service, at.Environment, version, string(after.header))
	switch {
	case err != nil:
		return fmt.Errorf("saving the lane %s: %w", at, err)
	case !saved:
		return conflict("the lane %s is not at version %d any more", at, version)
	}
	delete(t.lanes, at) // until all of it is written
	if err := t.savePromotions(before, after, l.Promotions); err != nil {
		return fmt.Errorf("saving the lane %s: %w", at, err)
	}
	t.lanes[at] = after
	return nil
}

const (
	savePromotion = `INSERT INTO promotions
		(lane, attempt, sha, place, state, number, put, undone, arrived, deployed, ended, kept, body)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1, ?12)
		ON CONFLICT (lane, attempt) DO UPDATE SET place = ?4, state = ?5, number = ?6, put = ?7, undone = ?8, arrived = ?9,
		deployed = ?10, ended = ?11, kept = 1, body = ?12 WHERE sha = ?3`
	dropPromotion = `UPDATE promotions SET kept = 0 WHERE lane = ?1 AND attempt = ?2`
)

// savePromotions writes what has changed, and notes in after what is there then. The database allows one busy attempt at a time, and one
// that waits of each commit, so whoever gives way is written before who takes the place: what ended, then what is not asked about at GitHub any
// more, then what is busy, then what waits.
func (t *tx) savePromotions(before, after storedLane, promotions []deploy.Promotion) error {
	order := slices.Clone(promotions)
	claims := map[app.Key]int{}
	for _, p := range promotions {
		claims[p.Attempt] = t.claim(before, p)
	}
	slices.SortStableFunc(order, func(p, q deploy.Promotion) int { return claims[p.Attempt] - claims[q.Attempt] })
	for _, p := range order {
		if was, ok := before.promotions[p.Attempt]; ok && t.db.memory.is(was, p) {
			after.promotions[p.Attempt] = was
			continue
		}
		body, err := t.db.memory.write(p)
		if err != nil {
			return fmt.Errorf("writing attempt %d: %w", p.Attempt, err)
		}
		after.promotions[p.Attempt] = body
		n, err := t.exec(savePromotion, after.id, p.Attempt, p.Commit.SHA, p.Commit.Place, string(p.State), p.Key, p.Put, p.Undone,
			stamp(p.Arrived), stamp(p.Deployed), stamp(p.Ended), string(body))
		if err == nil && n == 0 {
			err = errors.New("the number is another commit's")
		}
		if err != nil {
			return fmt.Errorf("attempt %d of %s: %w", p.Attempt, p.Commit.SHA.Short(), err)
		}
	}
	for attempt := range before.promotions {
		if _, still := after.promotions[attempt]; still {
			continue
		}
		if _, err := t.exec(dropPromotion, after.id, attempt); err != nil {
			return fmt.Errorf("letting go of attempt %d: %w", attempt, err)
		}
	}
	return nil
}

// claim orders attempts by what they take the place of.
func (t *tx) claim(before storedLane, p deploy.Promotion) int {
	switch {
	case p.State.Busy(), p.State == deploy.Reviewing:
		return 2
	case !p.State.Waits():
		return 0
	}
	if was, err := t.db.memory.read(before.promotions[p.Attempt]); err == nil && was.State == deploy.Reviewing {
		return 1
	}
	return 3
}

const (
	lanesOf      = `SELECT id, version, body FROM lanes WHERE repo = ?1 ORDER BY service, environment`
	allLanes     = `SELECT id, version, body FROM lanes ORDER BY repo, service, environment`
	promotionsOf = `SELECT p.lane, p.attempt, p.body FROM lanes l JOIN promotions p ON p.lane = l.id AND p.kept = 1 WHERE l.repo = ?1`
	allKept      = `SELECT lane, attempt, body FROM promotions WHERE kept = 1`
)

// Lanes is all lanes of a repository, by service and environment; of repository 0, all there are.
func (t *tx) Lanes(repo app.RepoID) ([]deploy.Lane, error) {
	lanes, promotions, args := lanesOf, promotionsOf, []any{repo}
	if repo == 0 {
		lanes, promotions, args = allLanes, allKept, nil
	}
	found, err := all(t, readStoredLane, lanes, args...)
	if err != nil {
		return nil, fmt.Errorf("reading lanes: %w", err)
	}
	byLane := map[int64]storedLane{}
	for _, s := range found {
		byLane[s.id] = s
	}
	attempts, err := all(t, readAttempt, promotions, args...)
	if err != nil {
		return nil, fmt.Errorf("reading lanes' attempts: %w", err)
	}
	for _, p := range attempts {
		byLane[p.lane].promotions[p.attempt] = p.body
	}
	var result []deploy.Lane
	for _, s := range found {
		l, err := s.lane(t.db.memory)
		if err != nil {
			return nil, fmt.Errorf("reading a lane: %w", err)
		}
		result = append(result, l)
	}
	return result, nil
}

func readStoredLane(s scanner) (l storedLane, err error) {
	l.promotions = map[app.Key][]byte{}
	err = s.Scan(&l.id, &l.version, &l.header)
	return l, err
}
