package linear

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

const million = 1_000_000

// benchmarkCheck judges a history again and again, from operations to verdict
// and certificate. B/op is all that was allocated, an upper bound on what was
// held beside the history.
func benchmarkCheck(b *testing.B, w workload, engine Engine) {
	h := generate(w)
	want := properties.Pass
	if w.Stale > 0 {
		want = properties.Fail
	}
	b.ReportAllocs()
	for b.Loop() {
		res, err := Check(context.Background(), h, Options{Model: w.Model, Engine: engine})
		require.NoError(b, err)
		require.Equal(b, want, res.Verdict, res.Reason)
		if want == properties.Fail && engine == Auto {
			require.NotNil(b, res.Contradiction)
		}
	}
}

func BenchmarkCheckRegister(b *testing.B) {
	for _, clients := range []int{4, 16, 64} {
		for stale := range 2 {
			b.Run(fmt.Sprintf("operations=1e6/clients=%d/stale=%d/engine=auto", clients, stale), func(b *testing.B) {
				benchmarkCheck(b, workload{Model: Register, Operations: million, Clients: clients, Keys: 1, Stale: stale, Seed: 1}, Auto)
			})
		}
	}
	for _, engine := range []Engine{Auto, Porcupine} { // as far as porcupine goes
		b.Run(fmt.Sprintf("operations=1e4/clients=4/stale=0/engine=%v", engine), func(b *testing.B) {
			benchmarkCheck(b, workload{Model: Register, Operations: 10_000, Clients: 4, Keys: 1, Seed: 1}, engine)
		})
	}
}

func BenchmarkCheckKV(b *testing.B) {
	b.Run("operations=1e6/keys=16/clients=64/engine=auto", func(b *testing.B) {
		benchmarkCheck(b, workload{Model: KV, Operations: million, Clients: 64, Keys: 16, Seed: 1}, Auto)
	})
	for _, engine := range []Engine{Auto, Porcupine} {
		b.Run(fmt.Sprintf("operations=1e5/keys=16/clients=16/engine=%v", engine), func(b *testing.B) {
			benchmarkCheck(b, workload{Model: KV, Operations: 100_000, Clients: 16, Keys: 16, Seed: 1}, engine)
		})
	}
}

func BenchmarkCheckQueue(b *testing.B) {
	b.Run("operations=1e6/clients=16/engine=auto", func(b *testing.B) {
		benchmarkCheck(b, workload{Model: Queue, Operations: million, Clients: 16, Keys: 1, Seed: 1}, Auto)
	})
	for _, engine := range []Engine{Auto, Porcupine} {
		b.Run(fmt.Sprintf("operations=1e3/clients=4/engine=%v", engine), func(b *testing.B) {
			benchmarkCheck(b, workload{Model: Queue, Operations: 1_000, Clients: 4, Keys: 1, Seed: 1}, engine)
		})
	}
}

// Writes of unknown outcome are what porcupine's time grows with: with 12 of
// them it takes the better part of a minute.
func BenchmarkCheckPending(b *testing.B) {
	for _, c := range []struct {
		pending int
		engine  Engine
	}{{20, Auto}, {8, Auto}, {8, Porcupine}} {
		b.Run(fmt.Sprintf("operations=500/clients=4/pending=%d/stale=1/engine=%v", c.pending, c.engine), func(b *testing.B) {
			w := workload{Model: Register, Operations: 500, Clients: 4, Keys: 1, Pending: c.pending, Stale: 1, Seed: 1}
			benchmarkCheck(b, w, c.engine)
		})
	}
}

// From a file to a verdict.
func BenchmarkCheckFile(b *testing.B) {
	h := generate(workload{Model: Register, Operations: million, Clients: 16, Keys: 1, Seed: 1})
	for _, format := range []history.Format{history.EDN, history.JSONL} {
		path := filepath.Join(b.TempDir(), "history")
		file, err := os.Create(path)
		require.NoError(b, err)
		require.NoError(b, history.WriteTo(file, h, format))
		require.NoError(b, file.Close())
		b.Run(fmt.Sprintf("operations=1e6/clients=16/format=%s", format), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h, err := history.ReadFile(path, history.ReadOptions{})
				require.NoError(b, err)
				res, err := Check(context.Background(), h, Options{})
				require.NoError(b, err)
				require.Equal(b, properties.Pass, res.Verdict)
			}
		})
	}
}
