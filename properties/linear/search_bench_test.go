package linear

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

// judged is the operations of each key of a history, and the verdict it must get.
type judged struct {
	keys [][]*history.Operation
	want properties.Verdict
}

func judgedBy(t testing.TB, h *history.History, opt *Options, want properties.Verdict) judged {
	objects, err := split(h, opt)
	require.NoError(t, err)
	j := judged{want: want}
	for _, o := range objects {
		j.keys = append(j.keys, o.ops)
	}
	return j
}

// bySearch judges key by key as Check does: in rounds with more and more steps, up
// to the first that fails. It returns the verdict and what it took.
func (j judged) bySearch(opt *Options) (verdict properties.Verdict, peak, steps int64) {
	left := slices.Clone(j.keys)
	for limit := int64(firstSteps); len(left) > 0; limit *= stepGrowth {
		var hard [][]*history.Operation
		for _, ops := range left {
			s, ok := newSearch(context.Background(), opt, ops, limit)
			if !ok {
				return properties.Inconclusive, peak, steps
			}
			d := s.run()
			peak, steps = max(peak, s.memory.peak), steps+d.steps
			switch {
			case d.verdict == properties.Fail:
				return properties.Fail, peak, steps
			case d.reason == outOfSteps:
				hard = append(hard, ops)
			case d.verdict == properties.Inconclusive:
				return properties.Inconclusive, peak, steps
			}
		}
		left = hard
	}
	return properties.Pass, peak, steps
}

// byPorcupine judges as porcupine's users do: without bounds, all keys at a time
// until one fails.
func (j judged) byPorcupine(opt *Options) properties.Verdict {
	var ops []porcupine.Operation
	for _, key := range j.keys {
		for _, op := range key {
			ops = append(ops, porcupine.Operation{ClientId: op.Client, Input: op, Call: op.Call, Return: op.Return})
		}
	}
	model := porcupine.Model{
		Partition: byKey,
		Init:      func() any { return opt.initial() },
		Step: func(state, input, _ any) (bool, any) {
			possible, after := opt.step(state.(history.Value), input.(*history.Operation))
			if after == state.(history.Value) {
				return possible, state // the same box: nothing to allocate
			}
			return possible, after
		},
		Hash: func(state any) uint64 { return state.(history.Value).Hash() },
	}
	if porcupine.CheckOperations(model, ops) {
		return properties.Pass
	}
	return properties.Fail
}

// byKey splits operations that come key by key.
func byKey(ops []porcupine.Operation) (parts [][]porcupine.Operation) {
	key := func(i int) string { return ops[i].Input.(*history.Operation).Key }
	for start, i := 0, 0; i < len(ops); i++ {
		if i+1 == len(ops) || key(i+1) != key(i) {
			parts = append(parts, ops[start:i+1])
			start = i + 1
		}
	}
	return parts
}

// benchmarkSearch lets both engines judge the same histories.
func benchmarkSearch(b *testing.B, opt Options, histories ...judged) {
	b.Run("engine=search", func(b *testing.B) { benchmarkOwn(b, opt, histories...) })
	b.Run("engine=porcupine", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, j := range histories {
				require.Equal(b, j.want, j.byPorcupine(&opt))
			}
		}
	})
}

func benchmarkOwn(b *testing.B, opt Options, histories ...judged) {
	b.ReportAllocs()
	var peak, steps int64
	for b.Loop() {
		peak, steps = 0, 0
		for _, j := range histories {
			verdict, held, spent := j.bySearch(&opt)
			require.Equal(b, j.want, verdict)
			peak, steps = max(peak, held), steps+spent
		}
	}
	b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
	b.ReportMetric(float64(steps), "steps")
}

func BenchmarkSearchDuplicateValues(b *testing.B) {
	opt := Options{Model: Register}
	for _, seed := range []uint64{1, 2, 3} {
		b.Run(fmt.Sprintf("seed=%d", seed), func(b *testing.B) {
			h := generate(workload{Model: Register, Operations: 1000, Clients: 16, Values: 5, Seed: seed})
			benchmarkSearch(b, opt, judgedBy(b, h, &opt, properties.Pass))
		})
	}
}

func BenchmarkSearchEtcd(b *testing.B) {
	opt := Options{Model: CASRegister}
	dir := porcupineDir(b)
	var histories []judged
	for i := range 103 {
		if i == emptyEtcd {
			continue
		}
		want := properties.Fail
		if slices.Contains(linearizableEtcd, i) {
			want = properties.Pass
		}
		h, err := history.ReadFile(filepath.Join(dir, "test_data", "jepsen", fmt.Sprintf("etcd_%03d.log", i)), history.ReadOptions{})
		require.NoError(b, err)
		histories = append(histories, judgedBy(b, h, &opt, want))
	}
	benchmarkSearch(b, opt, histories...)
}

func BenchmarkSearchKeyValueFiles(b *testing.B) {
	opt := Options{Model: KV}
	dir := porcupineDir(b)
	var histories []judged
	for _, name := range []string{"c01-ok", "c10-ok", "c50-ok", "c01-bad", "c10-bad", "c50-bad"} {
		want := properties.Pass
		if strings.HasSuffix(name, "bad") {
			want = properties.Fail
		}
		h, err := history.ReadFile(filepath.Join(dir, "test_data", "kv", name+".txt"), history.ReadOptions{})
		require.NoError(b, err)
		histories = append(histories, judgedBy(b, h, &opt, want))
	}
	benchmarkSearch(b, opt, histories...)
}

// staleRead returns a history with few values and pending writes in which one
// read is wrong: the last that can be made so by another of the values.
func staleRead(b *testing.B, values int) *history.History {
	h := generate(workload{Model: Register, Operations: 500, Clients: 4, Values: values, Pending: 20, Seed: 5})
	ops := pointers(h)
	for _, op := range slices.Backward(ops) {
		if op.Kind != history.Read || op.Outcome != history.OK {
			continue
		}
		right := op.Out
		for v := range values {
			op.Out = history.Int(int64(v))
			if searchKey(context.Background(), &Options{}, ops, 1_000_000).verdict == properties.Fail {
				return h
			}
		}
		op.Out = right
	}
	b.Fatal("no read can be made wrong")
	return nil
}

func BenchmarkSearchStaleRead(b *testing.B) {
	opt := Options{Model: Register}
	b.Run("values=5", func(b *testing.B) {
		benchmarkSearch(b, opt, judgedBy(b, staleRead(b, 5), &opt, properties.Fail))
	})
	b.Run("values=unique/engine=search", func(b *testing.B) { // porcupine does not end
		h := generate(workload{Model: Register, Operations: 500, Clients: 4, Pending: 20, Stale: 1, Seed: 5})
		benchmarkOwn(b, opt, judgedBy(b, h, &opt, properties.Fail))
	})
}
