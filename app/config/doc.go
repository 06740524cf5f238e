// Package config reads a repository's file, .github/slipway.yml, into checks, gates and deployments. It is strict: what it does not know
// it refuses, with line, column and what to do, and it says all that is wrong at once. It is pure.
//
// One table (grammar.go) says which keys may stand where. The parser judges by it and Schema is written from it, so that an editor and
// slipway say the same. What a table can't say (references, cycles, names that clash) is in mend.go and link.go.
package config
