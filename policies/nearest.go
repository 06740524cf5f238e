package policies

// distance is how many edits turn a into b: a letter added, left out, changed, or two neighbours swapped. Words longer than 40 bytes are
// as far apart as they are long.
func distance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return max(len(a), len(b))
	}
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			changed := last[j-1]
			if a[i-1] != b[j-1] {
				changed++
			}
			next[j] = min(changed, last[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, last = last, next
	}
	return last[len(b)]
}

// nearest is the word of the list that is fewest edits away, at most so many, or "".
func nearest(word string, list []string, most int) string {
	best := ""
	for _, s := range list {
		if d := distance(word, s); d <= most {
			best, most = s, d-1
		}
	}
	return best
}
