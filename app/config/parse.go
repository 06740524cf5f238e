package config

import "github.com/slipway-cd/slipway/app"

// Parse reads a file. It never panics, and always gives a File: what is not broken in it can be used.
func Parse(name string, data []byte) (*File, []app.Problem) {
	f := &File{Broken: true, Problems: []app.Problem{{File: name, Sentence: "This file can't be read yet."}}}
	return f, f.Problems
}
