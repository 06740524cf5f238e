package git

import (
	"errors"
	"os"
	"testing"
)

// TestMemo: an answer is asked for once, unless it may not be kept, the mirror is gone, or all was forgotten while it was asked for.
func TestMemo(t *testing.T) {
	m, asked := &mirror{dir: t.TempDir()}, 0
	get := func(keep bool, meanwhile func(), err error) int {
		n, _ := once(m, "key", func() (int, bool, error) {
			asked++
			meanwhile()
			return asked, keep, err
		})
		return n
	}
	nothing := func() {}
	for i, step := range []struct {
		keep      bool
		meanwhile func()
		err       error
		want      int
	}{
		{false, nothing, nil, 1},
		{true, nothing, errors.New("not now"), 2},
		{true, m.memo.forget, nil, 3},
		{true, nothing, nil, 4},
		{true, nothing, nil, 4},
	} {
		if got := get(step.keep, step.meanwhile, step.err); got != step.want {
			t.Errorf("step %d: %d, want %d", i, got, step.want)
		}
	}
	if err := os.Remove(m.dir); err != nil {
		t.Fatal(err)
	}
	if got := get(true, nothing, nil); got != 5 {
		t.Errorf("without a mirror: %d", got)
	}
}
