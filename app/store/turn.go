package store

// turn lets writers write one after the other. Updates, the intake and a checkpoint each wait for it in one goroutine, for those that come
// together write together, and channels serve in order: so none keeps another waiting for longer than one transaction of each.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for the turn.
func (t turn) take() { t <- struct{}{} }

// give ends it.
func (t turn) give() { <-t }
