package main

import (
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

// TestAllow: a listed name means whoever had it first; a number means that one.
func TestAllow(t *testing.T) {
	shop := app.Repo{ID: 7, Owner: "Acme", OwnerID: 3, Name: "Shop"}
	for _, c := range []struct {
		allow string
		first engine.First
		why   string // "" is served
	}{
		{"acme", engine.First{Repo: 7, Owner: 3}, ""},
		{"acme/shop", engine.First{Repo: 7, Owner: 3}, ""},
		{"", engine.First{Repo: 7, Owner: 3}, "not in SLIPWAY_ALLOW"},
		{"acme/pay,other", engine.First{Repo: 7, Owner: 3}, "not in SLIPWAY_ALLOW"},
		{"acme", engine.First{Repo: 5, Owner: 3}, "acme/shop#7"},
		{"acme/shop", engine.First{Repo: 5, Owner: 3}, "acme/shop#7"},
		{"acme", engine.First{Repo: 7, Owner: 2}, "acme#3"},
		{"acme/shop", engine.First{Repo: 7, Owner: 2}, "acme#3"},
		{"acme,acme/shop#7", engine.First{Repo: 5, Owner: 3}, ""},
		{"acme#3", engine.First{Repo: 7, Owner: 2}, ""},
		{"acme/shop#5", engine.First{Repo: 7, Owner: 3}, "number 5"},
		{"acme/shop#5,acme/shop#7", engine.First{Repo: 5, Owner: 3}, ""},
		{"acme#2", engine.First{Repo: 7, Owner: 3}, "number 2"},
		{"acme#3,acme/shop#7", engine.First{Repo: 5, Owner: 2}, ""},
	} {
		var p problems
		s := &server{set: resolved{allow: settings{Allow: c.allow}.allowed(&p)}}
		ok, why := s.allowRepo(shop, c.first)
		if ok != (c.why == "") || !strings.Contains(why, c.why) || len(p) > 0 {
			t.Errorf("%q, first %+v: %v, %q, %v", c.allow, c.first, ok, why, p)
		}
	}
}
