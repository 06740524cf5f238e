package engine

import (
	"sync"

	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// slots bounds how many programs run at once. A program holds its slot from when its row is taken until its outcome is known; those that
// ran before a restart hold theirs from the start. A way back never waits for a slot.
type slots struct {
	mu       sync.Mutex
	max      map[string]int
	programs map[string]string // the task of each row whose program runs, by key
}

func newSlots(checkSlots, deploySlots int) *slots {
	return &slots{
		max: map[string]int{
			checks.Execute{}.Task(): max(checkSlots, 1),
			deploy.Put{}.Task():     max(deploySlots, 1),
		},
		programs: map[string]string{},
	}
}

// isProgram says whether a task runs a program.
func isProgram(task string) bool {
	return task == checks.Execute{}.Task() || task == deploy.Put{}.Task() || task == deploy.Restore{}.Task()
}

// none says that no program runs.
func (s *slots) none() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.programs) == 0
}

// full is the tasks for which no slot is free.
func (s *slots) full() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var full []string
	for task, n := range s.max {
		if s.count(task) >= n {
			full = append(full, task)
		}
	}
	return full
}

func (s *slots) count(task string) (n int) {
	for _, t := range s.programs {
		if t == task {
			n++
		}
	}
	return n
}

// enter gives a row a slot, and says whether there was one. A row that has one keeps it.
func (s *slots) enter(r Row) bool {
	if !isProgram(r.Task) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	most, bounded := s.max[r.Task]
	if _, has := s.programs[r.Key]; bounded && !has && !r.Running && s.count(r.Task) >= most {
		return false
	}
	s.programs[r.Key] = r.Task
	return true
}

// leave gives a row's slot back, if it has one.
func (s *slots) leave(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.programs, key)
}
