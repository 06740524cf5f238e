package main

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app/standin"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
)

// found is what was counted, phase by phase.
type found struct {
	Phases []phase `json:"phases"`
}

type phase struct {
	Name     string         `json:"name"`
	Kinds    map[string]int `json:"kinds"`
	Routes   map[string]int `json:"routes"` // "POST /repos/acme/shop/check-runs 201"
	Free     int            `json:"reads_not_modified"`
	Sweeping int            `json:"sweep"` // what the sweep asks, which is allowed when idle
}

func (f *found) add(name string, requests []standin.Request) {
	p := phase{Name: name, Kinds: map[string]int{}, Routes: map[string]int{}}
	for _, r := range requests {
		if strings.HasPrefix(r.By, "user:") {
			continue
		}
		route := fmt.Sprintf("%s %s %d", r.Method, plain(r.Path), r.Status)
		p.Routes[route]++
		switch {
		case strings.HasPrefix(r.Path, "/app/hook/deliveries"):
			p.Sweeping++
		case r.Status == http.StatusNotModified:
			p.Free++
			p.Kinds[r.Kind]++
		default:
			p.Kinds[r.Kind]++
		}
	}
	f.Phases = append(f.Phases, p)
}

// plain is a path without what differs from call to call.
func plain(path string) string {
	path = regexp.MustCompile(`/[0-9a-f]{40}`).ReplaceAllString(path, "/{sha}")
	return regexp.MustCompile(`/\d+`).ReplaceAllString(path, "/{n}")
}

func (f *found) report() figure.Report {
	kinds := []string{standin.CheckRunWrite, standin.OtherWrite, standin.Read, standin.Token, standin.Git}
	t := &figure.Table{Title: "Requests to GitHub for the demo's good push: two checks, web goes live, payments waits", Heads: []string{"kind"}}
	for _, p := range f.Phases {
		t.Heads = append(t.Heads, p.Name)
	}
	for _, kind := range kinds {
		t.Add(f.line(kind, func(p phase) int { return p.Kinds[kind] })...)
	}
	t.Add(f.line("of the reads, not modified", func(p phase) int { return p.Free })...)
	t.Add(f.line("the sweep", func(p phase) int { return p.Sweeping })...)
	routes := &figure.Table{Title: "By route and status", Heads: t.Heads}
	all := map[string]bool{}
	for _, p := range f.Phases {
		for r := range p.Routes {
			all[r] = true
		}
	}
	for _, r := range slices.Sorted(maps.Keys(all)) {
		routes.Add(f.line(r, func(p phase) int { return p.Routes[r] })...)
	}
	return figure.Report{Tables: []*figure.Table{t, routes}, Value: f}
}

func (f *found) line(name string, of func(phase) int) []any {
	line := []any{name}
	for _, p := range f.Phases {
		line = append(line, of(p))
	}
	return line
}
