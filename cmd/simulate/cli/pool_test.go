package cli

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim"
)

func square(n uint64) uint64 { return n * n }

func TestResultsComeInTheOrderOfTheItemsWhateverTheWorkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		workers := rapid.IntRange(1, 8).Draw(t, "workers")
		seeds := sim.SeedRange{First: rapid.Uint64Range(0, 1000).Draw(t, "first"), Count: rapid.Uint64Range(0, 300).Draw(t, "count")}
		slow := rapid.Uint64Range(1, 50).Draw(t, "slow")
		next := seeds.First
		for item, result := range inOrder(context.Background(), workers, seeds.All(), func(n uint64) uint64 {
			if n%slow == 0 {
				time.Sleep(time.Microsecond)
			}
			return square(n)
		}) {
			require.Equal(t, next, item)
			require.Equal(t, square(next), result)
			next++
		}
		require.Equal(t, seeds.First+seeds.Count, next)
	})
}

func TestItemsAreDoneSideBySide(t *testing.T) {
	meet := make(chan bool)
	met := 0
	for range inOrder(context.Background(), 2, slices.Values([]int{0, 1}), func(n int) bool {
		if n == 0 {
			meet <- true // blocks until the other item runs
		} else {
			<-meet
		}
		return true
	}) {
		met++
	}
	require.Equal(t, 2, met)
}

func TestAConsumerThatStopsEndsTheWork(t *testing.T) {
	const workers = 3
	var begun, over atomic.Int64
	work := func(n uint64) uint64 {
		begun.Add(1)
		defer over.Add(1)
		return n
	}
	for item := range inOrder(context.Background(), workers, sim.SeedRange{Count: 1 << 40}.All(), work) {
		if item == 10 {
			break
		}
	}
	require.Equal(t, begun.Load(), over.Load(), "nothing runs after the loop")
	require.LessOrEqual(t, begun.Load(), int64(11+(turnsAhead+2)*workers), "the work ahead is bounded")
}

func TestAfterAnInterruptWhatHasBegunIsFinishedAndNothingElseBegins(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	var begun atomic.Int64
	work := func(n uint64) uint64 {
		if begun.Add(1) == 20 {
			interrupt()
		}
		return n
	}
	var got []uint64
	for item := range inOrder(ctx, 4, sim.SeedRange{Count: 1 << 40}.All(), work) {
		got = append(got, item)
	}
	require.Len(t, got, int(begun.Load()), "what was begun is yielded")
	require.Less(t, len(got), 20+4+turnsAhead*4+2)
	for i, item := range got {
		require.Equal(t, uint64(i), item)
	}
}

func TestAPanicOfAWorkerReachesTheConsumer(t *testing.T) {
	defer func() {
		p, ok := recover().(workerPanic)
		require.True(t, ok)
		require.Equal(t, "broken", p.value)
		require.Contains(t, string(p.stack), "TestAPanicOfAWorkerReachesTheConsumer")
	}()
	for range inOrder(context.Background(), 2, slices.Values([]int{1, 2, 3}), func(n int) int {
		if n == 2 {
			panic("broken")
		}
		return n
	}) {
	}
	t.Fatal("the panic was lost")
}
