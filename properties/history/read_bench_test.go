package history

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// benchmarked is how many operations the benchmarks read.
const benchmarked = 1_000_000

// printed prints the events of a register's history of n operations by 16
// clients, each with the format: process, type, f, value, time and index.
func printed(n int, line string) []byte {
	const clients = 16
	rng := rand.New(rand.NewPCG(1, 2))
	var out bytes.Buffer
	var f, value [clients]string
	for i := range 2 * n {
		client, typ := rng.IntN(clients), "ok"
		if f[client] == "" {
			typ = "invoke"
			f[client], value[client] = "write", fmt.Sprint(i)
			if rng.IntN(2) == 0 {
				f[client], value[client] = "read", "12345"
			}
		}
		fmt.Fprintf(&out, line, client, typ, f[client], value[client], 123456789+i, i)
		if typ == "ok" {
			f[client] = ""
		}
	}
	return out.Bytes()
}

const (
	ednMap  = "{:process %d, :type :%s, :f :%s, :value %s, :time %d, :index %d}\n"
	ednPair = "{:process %d, :type :%s, :f :%s, :value [7 %s], :time %d, :index %d}\n"
	logged  = "INFO  jepsen.util - %d\t:%s\t:%s\t%s\t%d\t%d\n"
	jsonMap = `{"type":"%[2]s","process":%[1]d,"f":"%[3]s","value":%[4]s,"time":%[5]d}` + "\n"
)

func benchmarkRead(b *testing.B, text []byte) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		h, err := ReadFrom("benchmark", bytes.NewReader(text), ReadOptions{})
		require.NoError(b, err)
		require.InDelta(b, benchmarked, len(h.Operations), 16)
	}
}

func BenchmarkReadEDN(b *testing.B) { benchmarkRead(b, printed(benchmarked, ednMap)) }

func BenchmarkReadEDNVector(b *testing.B) {
	benchmarkRead(b, append(append([]byte("["), printed(benchmarked, ednMap)...), ']'))
}

func BenchmarkReadEDNTuples(b *testing.B) { benchmarkRead(b, printed(benchmarked, ednPair)) }

func BenchmarkReadJepsenLog(b *testing.B) { benchmarkRead(b, printed(benchmarked, logged)) }

func BenchmarkReadJSONL(b *testing.B) { benchmarkRead(b, printed(benchmarked, jsonMap)) }

func BenchmarkReadGzip(b *testing.B) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(printed(benchmarked, ednMap))
	require.NoError(b, err)
	require.NoError(b, z.Close())
	benchmarkRead(b, out.Bytes())
}

func BenchmarkReadZstd(b *testing.B) {
	z, err := zstd.NewWriter(nil)
	require.NoError(b, err)
	benchmarkRead(b, z.EncodeAll(printed(benchmarked, ednMap), nil))
}

// benchmarkWritten reads what WriteTo writes in a format.
func benchmarkWritten(b *testing.B, format Format) {
	h, err := ReadFrom("benchmark", bytes.NewReader(printed(benchmarked, ednMap)), ReadOptions{})
	require.NoError(b, err)
	var out bytes.Buffer
	require.NoError(b, WriteTo(&out, h, format))
	benchmarkRead(b, out.Bytes())
}

func BenchmarkReadElle(b *testing.B) { benchmarkWritten(b, Elle) }

func BenchmarkReadPorcupineJSON(b *testing.B) { benchmarkWritten(b, PorcupineJSON) }
