package cli

import (
	"context"
	"iter"
	"runtime/debug"
	"sync"
)

// workerPanic carries a panic of a worker to the goroutine that waits for it.
type workerPanic struct {
	value any
	stack []byte
}

// inOrder calls work for every item on a number of goroutines and yields the
// results in the order of the items, whatever the number. When ctx is done no
// item is begun any more; those that were are finished and yielded, so that the
// results are those of the first items. The consumer may stop early. A panic of
// work goes on, as a workerPanic, in the goroutine of the consumer.
//
// At most a few items for each worker are finished before their turn.
func inOrder[T, R any](ctx context.Context, workers int, items iter.Seq[T], work func(T) R) iter.Seq2[T, R] {
	type job struct {
		item   T
		result R
		failed *workerPanic
		done   chan struct{}
	}
	do := func(j *job) {
		defer close(j.done)
		defer func() {
			if r := recover(); r != nil {
				j.failed = &workerPanic{r, debug.Stack()}
			}
		}()
		j.result = work(j.item)
	}
	return func(yield func(T, R) bool) {
		gone := make(chan struct{}) // the consumer stopped
		jobs, turns := make(chan *job), make(chan *job, turnsAhead*workers)
		var all sync.WaitGroup
		defer all.Wait()
		defer close(gone)
		for range workers {
			all.Go(func() {
				for j := range jobs {
					do(j)
				}
			})
		}
		all.Go(func() {
			defer close(turns)
			defer close(jobs)
			for item := range items {
				if ctx.Err() != nil {
					return
				}
				j := &job{item: item, done: make(chan struct{})}
				select {
				case <-gone:
					return
				case <-ctx.Done():
					return
				case turns <- j: // it has its turn, so it must be done
				}
				select {
				case <-gone:
					return
				case jobs <- j:
				}
			}
		})
		for j := range turns {
			<-j.done
			if j.failed != nil {
				panic(*j.failed)
			}
			if !yield(j.item, j.result) {
				return
			}
		}
	}
}

// turnsAhead bounds, for each worker, the results that wait for an earlier one.
const turnsAhead = 16
