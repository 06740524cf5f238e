package main

import (
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

// allowance is an entry of SLIPWAY_ALLOW.
type allowance struct {
	name string // owner, or owner/repo, in lower case
	id   int64  // the number of the account or the repository that is meant, or 0
}

// allow says whether a repository of that name may be served: its owner or its full name is listed.
func (s *server) allow(owner, name string) (ok bool, why string) {
	owner, full := strings.ToLower(owner), strings.ToLower(owner+"/"+name)
	for _, a := range s.set.allow {
		if a.name == owner || a.name == full {
			return true, ""
		}
	}
	return false, full + " is not in SLIPWAY_ALLOW"
}

// allowRepo says whether this very repository is served. A name that is listed means the account, and the repository, that slipway saw under it
// first: whoever takes it later inherits nothing, unless the operator lists their number.
func (s *server) allowRepo(r app.Repo, first engine.First) (ok bool, why string) {
	if ok, why := s.allow(r.Owner, r.Name); !ok {
		return false, why
	}
	if why := s.means(strings.ToLower(r.Owner), "account", r.OwnerID, first.Owner); why != "" {
		return false, why
	}
	why = s.means(strings.ToLower(r.FullName()), "repository", int64(r.ID), int64(first.Repo))
	return why == "", why
}

// means says why a name does not mean the one with this number, or "".
func (s *server) means(name, kind string, id, first int64) string {
	other := int64(0)
	for _, a := range s.set.allow {
		switch {
		case a.name != name || a.id == 0:
		case a.id == id:
			return ""
		default:
			other = a.id
		}
	}
	switch {
	case other != 0:
		return fmt.Sprintf("SLIPWAY_ALLOW means by %s the %s with the number %d, and this is %d", name, kind, other, id)
	case first != id:
		return fmt.Sprintf("another %s, with the number %d, was %s when slipway first saw that name. If this one may take its place, list it in SLIPWAY_ALLOW as %s#%d",
			kind, first, name, name, id)
	}
	return ""
}
