package store

import "context"

// turn lets writers write one after the other. Updates come in their order, and between any two of them the intake may write once if it
// has something: so neither keeps the other waiting for longer than one transaction.
type turn struct {
	update chan struct{} // held by the update that is next
	write  chan struct{} // held by who writes; at most the next update and the intake wait for it, and channels serve in order
}

func newTurn() turn {
	return turn{update: make(chan struct{}, 1), write: make(chan struct{}, 1)}
}

// take waits for an update's turn, and returns what ends it.
func (t turn) take(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case t.update <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case t.write <- struct{}{}:
	case <-ctx.Done():
		<-t.update
		return nil, ctx.Err()
	}
	return func() { <-t.write; <-t.update }, nil
}
