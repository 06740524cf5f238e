// Package engine is the one loop: it takes events in, steps machines, stores what they became, and makes the world match what they want.
// It decides nothing: what may go is decided by policies, what follows by checks.Run and deploy.Lane.
//
// An event becomes letters (handlers.Translate). A letter is stepped: message, new state and a row per want are stored in one transaction.
// A row that is due is worked on: it looks first, acts, and what it learns comes back as a letter. So the whole of it can be killed
// anywhere and goes on where it was.
//
// One goroutine steps letters, in stored order, so that two for one machine never run at once; workers do what takes time, and hold no
// state but the row that they were handed.
package engine
