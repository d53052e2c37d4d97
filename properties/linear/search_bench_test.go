package linear

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

// judged is the operations of one key and the verdict they must get.
type judged struct {
	ops  []*history.Operation
	want properties.Verdict
}

// keysOf splits h by key; want is the verdict on each, Inconclusive if it is not known.
func keysOf(t testing.TB, h *history.History, opt *Options, want properties.Verdict) (keys []judged) {
	objects, err := split(h, opt)
	require.NoError(t, err)
	for _, o := range objects {
		keys = append(keys, judged{o.ops, want})
	}
	return keys
}

// benchmarkSearch lets both engines judge the same operations. Porcupine runs as
// its users run it, without bounds.
func benchmarkSearch(b *testing.B, opt Options, keys []judged) {
	b.Run("engine=search", func(b *testing.B) {
		b.ReportAllocs()
		var peak, steps int64
		for b.Loop() {
			peak, steps = 0, 0
			for _, k := range keys {
				s, ok := newSearch(context.Background(), &opt, k.ops, 1<<40)
				require.True(b, ok)
				d := s.run()
				require.True(b, k.want == properties.Inconclusive || k.want == d.verdict)
				peak, steps = max(peak, s.memory.peak), steps+d.steps
			}
		}
		b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
		b.ReportMetric(float64(steps), "steps")
	})
	b.Run("engine=porcupine", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, k := range keys {
				linearizable := porcupine.CheckOperations(plainPorcupine(&opt), plainOperations(k.ops))
				require.True(b, k.want == properties.Inconclusive || linearizable == (k.want == properties.Pass))
			}
		}
	})
}

func plainPorcupine(opt *Options) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return opt.initial() },
		Step: func(state, input, _ any) (bool, any) {
			possible, after := opt.step(state.(history.Value), input.(*history.Operation))
			if after == state.(history.Value) {
				return possible, state // the same box: nothing to allocate
			}
			return possible, after
		},
		Hash: func(state any) uint64 { return state.(history.Value).Hash() },
	}
}

func plainOperations(ops []*history.Operation) []porcupine.Operation {
	out := make([]porcupine.Operation, len(ops))
	for i, op := range ops {
		out[i] = porcupine.Operation{ClientId: op.Client, Input: op, Call: op.Call, Return: op.Return}
	}
	return out
}

func BenchmarkSearchDuplicateValues(b *testing.B) {
	for _, seed := range []uint64{1, 2, 3} {
		b.Run(fmt.Sprintf("seed=%d", seed), func(b *testing.B) {
			opt := Options{Model: Register}
			h := generate(workload{Model: Register, Operations: 1000, Clients: 16, Values: 5, Seed: seed})
			benchmarkSearch(b, opt, keysOf(b, h, &opt, properties.Pass))
		})
	}
}

func BenchmarkSearchEtcd(b *testing.B) {
	opt := Options{Model: CASRegister}
	var keys []judged
	dir := porcupineDir(b)
	for i := range 103 {
		if i == emptyEtcd {
			continue
		}
		h, err := history.ReadFile(filepath.Join(dir, "test_data", "jepsen", fmt.Sprintf("etcd_%03d.log", i)), history.ReadOptions{})
		require.NoError(b, err)
		keys = append(keys, keysOf(b, h, &opt, properties.Inconclusive)...)
	}
	benchmarkSearch(b, opt, keys)
}

func BenchmarkSearchKeyValueFiles(b *testing.B) {
	opt := Options{Model: KV}
	var keys []judged
	for _, name := range []string{"c01-ok", "c10-ok", "c50-ok", "c01-bad", "c10-bad", "c50-bad"} {
		h, err := history.ReadFile(filepath.Join(porcupineDir(b), "test_data", "kv", name+".txt"), history.ReadOptions{})
		require.NoError(b, err)
		keys = append(keys, keysOf(b, h, &opt, properties.Inconclusive)...)
	}
	benchmarkSearch(b, opt, keys)
}

// staleDuplicates is a history with few values and pending writes in which the
// last read whose value cannot be explained otherwise returned a stale one.
func staleDuplicates(operations, values, pending int) *history.History {
	h := generate(workload{Model: Register, Operations: operations, Clients: 4, Values: values, Pending: pending, Seed: 5})
	for i := operations - 1; ; i-- {
		op := &h.Operations[i]
		if op.Kind != history.Read || op.Outcome != history.OK {
			continue
		}
		right := op.Out
		for v := range values {
			op.Out = history.Int(int64(v))
			ops := pointers(h)
			if d := searchKey(context.Background(), &Options{}, ops, 10_000_000); d.verdict == properties.Fail {
				return h
			}
		}
		op.Out = right
	}
}

func BenchmarkSearchStaleReadPendingWrites(b *testing.B) {
	for _, values := range []int{5, 20, 100} {
		b.Run(fmt.Sprintf("values=%d", values), func(b *testing.B) {
			opt := Options{}
			h := staleDuplicates(500, values, 20)
			benchmarkSearch(b, opt, keysOf(b, h, &opt, properties.Fail))
		})
	}
}

func BenchmarkSearchX(b *testing.B) {
	for _, m := range []Model{Set, Multiset} {
		for _, clients := range []int{4, 16, 64} {
			for _, values := range []int{0, 2, 5, 50} {
				for _, pend := range []int{0, 20} {
					for _, stale := range []int{0, 1} {
						h := generate(workload{Model: m, Operations: 1000, Clients: clients, Values: values, Pending: pend, Stale: stale, CAS: 20, Seed: 7})
						opt := Options{Model: m}
						for _, k := range keysOf(b, h, &opt, properties.Pass) {
							s, ok := newSearch(context.Background(), &opt, k.ops, 2_000_000)
							require.True(b, ok)
							d := s.run()
							fmt.Println(m, "clients", clients, "values", values, "pending", pend, "stale", stale, d.verdict, d.reason, d.steps, s.memory.peak>>10, "KB")
						}
					}
				}
			}
		}
	}
}
