// Package config reads a repository's file, .github/slipway.yml, into checks, gates and deployments. It is strict: what it does not know
// it refuses, with line, column and what to do, and it says all that is wrong at once. It is pure.
//
// The way of a file: source.go (bytes to YAML) → grammar.go, the one table of what may stand where → read.go and scalar.go (YAML judged by
// the table) → link.go, lanes.go, folders.go and order.go (what refers to what) → file.go. Schema is written from the same table, so an
// editor and slipway say the same. plan.go and concerns.go say what a change asks for; words.go says it all to people.
//
// A mistake inside one service breaks that service alone; any other breaks the file. A broken gate is unknown, never open.
package config
