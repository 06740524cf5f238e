// Package engine is the one loop: it takes events in, steps machines, stores what they became, and makes the world match what they want.
// It decides nothing.
package engine
