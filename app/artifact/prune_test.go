package artifact

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// aged is a Store with artifacts of the first days of a year, the oldest first, as a server finds it when it starts.
func aged(t *testing.T, texts ...string) (s *Store, digests []string) {
	t.Helper()
	s = open(t)
	root := t.TempDir()
	for i, text := range texts {
		write(t, filepath.Join(root, "dist/a"), text, 0o644)
		d := put(t, s, root)
		at := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(s.path(d), at, at); err != nil {
			t.Fatal(err)
		}
		digests = append(digests, d)
	}
	s, err := Open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, digests
}

func left(s *Store, digests []string) (all []bool) {
	for _, d := range digests {
		all = append(all, s.Has(d))
	}
	return all
}

// TestPruneKeepsTheWayBack: what a lane may go back to is never dropped, however old and large.
func TestPruneKeepsTheWayBack(t *testing.T) {
	const each = 2048 // bytes of an archive with one small file
	for _, test := range []struct {
		name   string
		before time.Time
		size   int64
		want   []bool
	}{
		{"nothing is old or too much", time.Time{}, 1 << 30, []bool{true, true, true, true}},
		{"by age", time.Date(2026, 1, 3, 12, 0, 0, 0, time.UTC), 1 << 30, []bool{true, false, false, true}},
		{"by size, the oldest first", time.Time{}, 3 * each, []bool{true, false, true, true}},
		{"by size, down to what is kept", time.Time{}, 0, []bool{true, false, false, false}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, digests := aged(t, "one", "two", "three", "four")
			keep := func(d string) bool { return d == digests[0] }
			if err := s.Prune(t.Context(), keep, test.before, test.size); err != nil {
				t.Fatal(err)
			}
			if got := left(s, digests); !slices.Equal(got, test.want) {
				t.Errorf("left are %v, want %v", got, test.want)
			}
		})
	}
}

// TestPruneSparesWhatIsNew: whoever says what is to be kept may not have heard of an artifact that was put a moment ago, be it the first time
// or again.
func TestPruneSparesWhatIsNew(t *testing.T) {
	s, digests := aged(t, "one", "two")
	root := t.TempDir()
	write(t, filepath.Join(root, "dist/a"), "one", 0o644)
	if put(t, s, root) != digests[0] {
		t.Fatal("the same content has another digest")
	}
	nothing := func(string) bool { return false }
	future := time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, want := range [][]bool{{true, false}, {false, false}} {
		if err := s.Prune(t.Context(), nothing, future, 0); err != nil {
			t.Fatal(err)
		}
		if got := left(s, digests); !slices.Equal(got, want) {
			t.Errorf("left are %v, want %v", got, want)
		}
	}
}

// TestOpenDropsWhatIsUnfinished: a server that was killed while it kept something leaves nothing for ever.
func TestOpenDropsWhatIsUnfinished(t *testing.T) {
	s, digests := aged(t, "one")
	write(t, filepath.Join(s.dir, newPrefix+"123"), "half", 0o600)
	s, err := Open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(s.dir); len(files) != 1 || err != nil || !s.Has(digests[0]) {
		t.Error(files, err)
	}
}
