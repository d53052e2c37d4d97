package consistency

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// lagging plays n operations of clients on a store that keeps a log of all
// writes. A client has seen a prefix of the log: as much as the last time, its
// own writes, and all but the lag latest. So it is sequentially consistent, and
// linearizable if lag is 0.
func lagging(n, clients, keys, lag int) *history.History {
	rng := rand.New(rand.NewPCG(7, uint64(lag)))
	h := &history.History{Operations: make([]history.Operation, 0, n)}
	var log [][2]int // key and value
	before := make([]int, 0, n)
	latest, seen, free := make([]int, keys), make([]int, clients), make([]int64, clients)
	for i := range n {
		c, k := rng.IntN(clients), rng.IntN(keys)
		// Operation i takes effect at 4i; it was called when its client was free.
		at := 4 * int64(i)
		call := max(free[c], at-int64(rng.IntN(4*clients)))
		o := history.Operation{Client: c, Key: fmt.Sprint("k", k), Call: call, Return: at + int64(rng.IntN(4))}
		free[c] = o.Return + 1
		if rng.IntN(2) == 0 {
			o.Kind, o.Arg = history.Write, history.Int(int64(i+1))
			before = append(before, latest[k])
			log = append(log, [2]int{k, i + 1})
			latest[k] = len(log)
			seen[c] = len(log)
		} else {
			seen[c] = max(seen[c], len(log)-lag)
			at := latest[k]
			for at > seen[c] {
				at = before[at-1]
			}
			if at > 0 {
				o.Out = history.Int(int64(log[at-1][1]))
			}
		}
		h.Operations = append(h.Operations, o)
	}
	sortByCall(h)
	return h
}

// BenchmarkJudge judges stores of 16 keys that lag by some writes, each part
// alone; a part takes in who read whose write.
func BenchmarkJudge(b *testing.B) {
	opt := linear.Options{Model: linear.KV}
	for _, c := range []struct{ lag, n, clients int }{
		{0, 100_000, 16}, {2, 100_000, 16}, {2, 100_000, 64}, {100, 100_000, 16}, {2, 1_000_000, 16}, {2, 1_000_000, 64},
	} {
		h := lagging(c.n, c.clients, 16, c.lag)
		part := func(name string, judge func(v *versions)) {
			b.Run(fmt.Sprintf("%s/lag=%d/n=%d/clients=%d", name, c.lag, c.n, c.clients), func(b *testing.B) {
				for b.Loop() {
					judge(resolve(h, &opt))
				}
			})
		}
		part("resolve", func(*versions) {})
		part("sessions", func(v *versions) { v.judgeSessions(context.Background()) })
		part("staleness", func(v *versions) {
			for k := range v.keys {
				v.staleness(int32(k), false)
			}
		})
		if c.n <= 100_000 {
			part("sequential", func(v *versions) {
				require.NotEqual(b, properties.Fail, v.judgeSequential(context.Background()).Verdict)
			})
		}
	}
}
