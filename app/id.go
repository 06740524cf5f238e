package app

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// RepoID is GitHub's number of a repository. It survives renaming and transfer; names do not, so nothing is kept under a name.
type RepoID int64

// Repo is a repository as GitHub last described it.
type Repo struct {
	ID            RepoID
	Owner, Name   string
	OwnerID       int64 // the account's; 0 if not known
	DefaultBranch string
	Installation  int64 // the App's installation that serves it
	Personal      bool  // owned by a user: collaborators with write count as maintainers
	Private       bool
}

// FullName is owner/name, as people write it.
func (r Repo) FullName() string { return r.Owner + "/" + r.Name }

// SHA is a commit's full name: 40 lower-case hex digits. The zero value names none.
type SHA string

// ParseSHA takes a full commit name, and nothing shorter: seven digits can be forged in a minute.
func ParseSHA(s string) (SHA, error) {
	if len(s) != 40 || !IsHex(s) {
		return "", fmt.Errorf("%q is not a full commit SHA (40 lower-case hex digits)", s)
	}
	return SHA(s), nil
}

// IsHex says whether s is lower-case hex digits and nothing else; the empty string is.
func IsHex(s string) bool {
	return strings.Trim(s, "0123456789abcdef") == ""
}

// ShortLen is how many digits of a commit people are shown and must give at least.
const ShortLen = 12

// Short is the first 12 digits: what cards show and commands take.
func (s SHA) Short() string { return string(s[:min(ShortLen, len(s))]) }

// Place is a commit's number on the default branch, given when it is first seen there, ancestors first, and never again. Newer is
// greater. Zero is no place.
type Place int64

// Commit is a commit of the default branch.
type Commit struct {
	SHA   SHA
	Place Place
}

// Key numbers a question that a machine puts to the world. It is attempt, idempotency key and fencing token in one: whatever makes an
// answer worthless asks again under a new number. Keys are never given twice within a machine. Zero is no question.
type Key int64

// Kind says which machine an address names.
type Kind string

// The kinds of machines. A repository decides nothing: it is where what GitHub tells of branches, pull requests and people is noted.
const (
	KindRepository Kind = "repository"
	KindRun        Kind = "run"
	KindLane       Kind = "lane"
)

// Address names one machine. It is comparable. A run has a commit; a lane has an environment and, in a repository of several
// services, a service.
type Address struct {
	Kind        Kind
	Repo        RepoID
	Commit      SHA
	Service     string
	Environment string
}

// RepositoryAddress is the address of a repository.
func RepositoryAddress(r RepoID) Address { return Address{Kind: KindRepository, Repo: r} }

// RunAddress is the address of a commit's run.
func RunAddress(r RepoID, c SHA) Address { return Address{Kind: KindRun, Repo: r, Commit: c} }

// LaneAddress is the address of one service in one environment; service is "" in a repository that is one service.
func LaneAddress(r RepoID, service, environment string) Address {
	return Address{Kind: KindLane, Repo: r, Service: service, Environment: environment}
}

// String is the address in the form that ParseAddress takes, such as lane/42/payments/production or lane/42//production.
func (a Address) String() string {
	s := string(a.Kind) + "/" + strconv.FormatInt(int64(a.Repo), 10)
	switch a.Kind {
	case KindRun:
		return s + "/" + string(a.Commit)
	case KindLane:
		return s + "/" + url.PathEscape(a.Service) + "/" + url.PathEscape(a.Environment)
	}
	return s
}

// ParseAddress reads what String wrote.
func ParseAddress(s string) (Address, error) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 {
		return Address{}, fmt.Errorf("%q is not a machine's address", s)
	}
	id, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return Address{}, fmt.Errorf("%q is not a machine's address: %w", s, err)
	}
	a := Address{Kind: Kind(parts[0]), Repo: RepoID(id)}
	switch {
	case a.Kind == KindRepository && len(parts) == 2:
		return a, nil
	case a.Kind == KindRun && len(parts) == 3:
		a.Commit, err = ParseSHA(parts[2])
		return a, err
	case a.Kind == KindLane && len(parts) == 4:
		return a.lane(parts[2], parts[3])
	}
	return Address{}, fmt.Errorf("%q is not a machine's address", s)
}

func (a Address) lane(service, environment string) (_ Address, err error) {
	if a.Service, err = url.PathUnescape(service); err != nil {
		return a, fmt.Errorf("reading a lane's service: %w", err)
	}
	if a.Environment, err = url.PathUnescape(environment); err != nil {
		return a, fmt.Errorf("reading a lane's environment: %w", err)
	}
	return a, nil
}

// LaneName is how people read a lane: payments → production, or production.
func LaneName(service, environment string) string {
	if service == "" {
		return environment
	}
	return service + " → " + environment
}
