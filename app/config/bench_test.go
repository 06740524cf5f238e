package config

import "testing"

func BenchmarkParse(b *testing.B) {
	data := []byte(twoServices)
	for b.Loop() {
		Parse(Path, data)
	}
}
