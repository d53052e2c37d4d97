//go:build unix

package crdt_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"phoenix/crdt"
)

// cpuTime is what the process has used, the garbage collector included. It says
// more than the wall clock where other programs run.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cpu measures do on what make made, and reports the least CPU time for each of n things that it does.
func cpu[T any](n int, make func() T, do func(T)) func(*testing.B) {
	return func(b *testing.B) {
		least := time.Duration(1<<63 - 1)
		for range b.N {
			v := make()
			runtime.GC()
			before := cpuTime(b)
			do(v)
			least = min(least, cpuTime(b)-before)
		}
		b.ReportMetric(float64(least)/float64(n), "cpu-ns/each")
		b.ReportMetric(0, "ns/op")
	}
}

// merging is a set and deltas for it.
type merging struct {
	set    *crdt.AddWinsSet[string]
	deltas []*crdt.AddWinsSet[string]
}

func (m merging) merge() {
	for _, d := range m.deltas {
		m.set.Merge(d)
	}
}

// onto makes deltas of another copy, each of the element that name says.
func onto(n int, name func(i int) string) func() merging {
	return func() merging {
		other := full3()
		m := merging{set: crdt.Clone(other)}
		for i := range n {
			m.deltas = append(m.deltas, other.Add(9, name(i)))
		}
		return m
	}
}

func BenchmarkAddWinsSetCPU(b *testing.B) {
	const events = 10_000
	nothing := func() struct{} { return struct{}{} }
	full := func(c *[3]crdt.AddWinsSet[string]) { c[0].Merge(&c[1]); c[0].Merge(&c[2]) }
	b.Run("add", cpu(elements, nothing, func(struct{}) { added() }))
	b.Run("merge-new", cpu(elements*2/3, added, full))
	b.Run("merge-all", cpu(elements*5/3, added, full)) // of the elements of both sides of both merges
	b.Run("delta-new", cpu(events, onto(events, func(i int) string { return fmt.Sprint("new", i) }), merging.merge))
	b.Run("delta-again", cpu(events, onto(events, func(i int) string { return names[i*97%elements] }), merging.merge))
}
