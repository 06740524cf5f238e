package standin_test

import "math/rand/v2"

// noise does not compress, so that git sends it in chunks.
func noise(n int) []byte {
	source := rand.New(rand.NewPCG(1, 2))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(source.Uint32())
	}
	return out
}
