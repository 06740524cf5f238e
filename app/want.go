package app

import "time"

// Want is one thing that should be so now. Machines derive their wants from their state alone, each time, so there is nothing else to
// lose. Its key holds a number (put/17): it is done once per key, for ever, and its outcome comes back as a message. A want that is gone
// before it is done is canceled. What is shown has a ViewKey instead.
type Want struct {
	Key  string    // unique within the machine, made of the task's name and its number
	Due  time.Time // not before; zero is now
	Task Task      // what is to be done; the engine knows who does it
	// Again says that what is to be done has changed under the same key, so that it is looked at again.
	Again bool
}

// Task is what a want asks for. Each room declares its own.
type Task interface {
	// Task is the name of the kind of work, the first part of the want's key.
	Task() string
}

// RowKey is the name of a want in the whole system: that of its due row, its program and its log.
func RowKey(machine Address, want string) string { return machine.String() + "#" + want }
