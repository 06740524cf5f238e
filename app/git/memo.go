package git

import "sync"

// memo remembers answers that can't change for as long as the mirror has the commits that they are about: a gate asks the same of the same
// commits several times in a second, and each call of git is a process. Whatever takes commits away forgets all. Safe for concurrent use.
type memo struct {
	mu      sync.Mutex
	age     int // how often all was forgotten
	answers map[string]any
}

// Bounds of what is remembered, before all of it is forgotten.
const (
	mostAnswers = 2000
	smallAnswer = 16 << 10 // bytes of a file
)

// recall is what is remembered under a key, and how old the memory is.
func (m *memo) recall(key string) (answer any, age int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.answers[key], m.age
}

// remember keeps an answer, unless everything was forgotten since it was asked for.
func (m *memo) remember(key string, answer any, age int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if age != m.age {
		return
	}
	if m.answers == nil || len(m.answers) >= mostAnswers {
		m.answers = map[string]any{}
	}
	m.answers[key] = answer
}

func (m *memo) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers = nil
	m.age++
}

// once is the answer that is remembered under a key, else what ask says, which is remembered if it may be. What it gives is shared, so nobody
// changes it.
func once[T any](m *mirror, key string, ask func() (answer T, keep bool, err error)) (T, error) {
	known, age := m.memo.recall(key)
	if answer, is := known.(T); is && m.exists() {
		return answer, nil
	}
	answer, keep, err := ask()
	if err == nil && keep {
		m.memo.remember(key, answer, age)
	}
	return answer, err
}
