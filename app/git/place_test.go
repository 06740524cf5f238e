package git

import (
	"math"
	"testing"
	"time"
)

func TestAStampOfThePresentIsNotBelieved(t *testing.T) {
	// Newer kernels give every change that could be seen a time of its own; with older ones only this keeps two changes apart.
	if settled(math.MaxInt64) {
		t.Fatal("the end of time is not behind us")
	}
	now := time.Now().UnixNano()
	if !settled(now) || time.Now().UnixNano() <= now {
		t.Fatal("it did not wait for the next tick")
	}
}
