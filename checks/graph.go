package checks

import "sync"

// graph is which checks of a list wait for which others of it.
type graph struct {
	after [][]int  // by check: those that it comes after
	ready chan int // those that wait for none any more; closed when all are done

	mu     sync.Mutex
	before [][]int // by check: those that come after it
	waits  []int   // by check: for how many
	left   int     // how many are not done
}

func newGraph(list []*Check) *graph {
	n := len(list)
	g := &graph{after: make([][]int, n), ready: make(chan int, n), before: make([][]int, n), waits: make([]int, n), left: n}
	index := make(map[*Check]int, n)
	for i, c := range list {
		index[c] = i
	}
	for i, c := range list {
		for _, p := range c.After {
			if j, ok := index[p]; ok {
				g.after[i], g.before[j] = append(g.after[i], j), append(g.before[j], i)
			}
		}
		if g.waits[i] = len(g.after[i]); g.waits[i] == 0 {
			g.ready <- i
		}
	}
	if n == 0 {
		close(g.ready)
	}
	return g
}

// done lets those go on that waited for a check alone.
func (g *graph) done(i int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, n := range g.before[i] {
		if g.waits[n]--; g.waits[n] == 0 {
			g.ready <- n
		}
	}
	if g.left--; g.left == 0 {
		close(g.ready)
	}
}

// lane runs checks one after the other, beside whoever waits for them: on one
// goroutine, as long as none is left behind.
type lane struct{ jobs chan func() }

// work has a job done beside the caller.
func (l *lane) work(job func()) {
	if l.jobs == nil {
		jobs := make(chan func())
		go func() {
			for job := range jobs {
				job()
			}
		}()
		l.jobs = jobs
	}
	l.jobs <- job
}

// leave lets go of the goroutine, which ends when its job does.
func (l *lane) leave() {
	if l.jobs != nil {
		close(l.jobs)
		l.jobs = nil
	}
}
