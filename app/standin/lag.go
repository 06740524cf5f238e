package standin

// lag is how far GitHub's answers are behind what happened.
type lag struct {
	pulls, lists int            // how many answers, for what comes from now on
	ofCommit     map[string]int // pull requests of a merge commit: how many more answers are empty
	ofThing      map[int64]int  // a new thing: how many more lists lack it
}

func newLag() lag { return lag{ofCommit: map[string]int{}, ofThing: map[int64]int{}} }

// LagCommitPulls makes the first answers of GET /commits/{sha}/pulls empty after each merge from now on, as GitHub's sometimes are for a
// moment.
func (s *Server) LagCommitPulls(answers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag.pulls = answers
}

// LagLists makes each check run, comment and deployment that is created from now on be missing from the first lists that should show it. By
// its own number it is found at once.
func (s *Server) LagLists(answers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag.lists = answers
}

func (l *lag) merged(sha string)   { l.ofCommit[sha] = l.pulls }
func (l *lag) createdNow(id int64) { l.ofThing[id] = l.lists }

func (l *lag) hidesPulls(sha string) bool {
	if l.ofCommit[sha] <= 0 {
		return false
	}
	l.ofCommit[sha]--
	return true
}

func (l *lag) hides(id int64) bool {
	if l.ofThing[id] <= 0 {
		return false
	}
	l.ofThing[id]--
	return true
}
