package resilience_test

import (
	"context"
	"testing"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"

	"phoenix/resilience"
)

// BenchmarkBulkhead takes a slot of 64, does nothing and gives it back, beside failsafe-go:
//
//	go test -run - -bench Bulkhead -cpu 1,8 ./resilience
func BenchmarkBulkhead(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ours := resilience.NewBulkhead(resilience.System(), resilience.BulkheadConfig{Limit: 64})
	measured := resilience.NewBulkhead(resilience.System(), resilience.BulkheadConfig{
		Gradient: &resilience.GradientConfig{Min: 64, Max: 64},
	})
	theirs := bulkhead.New[any](64)
	executor := failsafe.With[any](theirs)
	op := func(context.Context) error { return nil }
	for _, c := range []struct {
		name string
		call func() error
	}{
		{"Do/phoenix", func() error { return ours.Do(ctx, op) }},
		{"Do/failsafe", func() error { return executor.Run(func() error { return nil }) }},
		{"Do/phoenix-gradient", func() error { return measured.Do(ctx, op) }},
		{"Acquire/phoenix", func() error { defer ours.Release(); return ours.Acquire(ctx) }},
		{"Acquire/failsafe", func() error { defer theirs.ReleasePermit(); return theirs.AcquirePermit(ctx) }},
		{"TryAcquire/phoenix", func() error { defer ours.Release(); ours.TryAcquire(); return nil }},
		{"TryAcquire/failsafe", func() error { defer theirs.ReleasePermit(); theirs.TryAcquirePermit(); return nil }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if c.call() != nil {
						b.Error("turned away")
					}
				}
			})
		})
	}
}

// BenchmarkBulkheadFull is turned away by a full bulkhead, beside failsafe-go.
func BenchmarkBulkheadFull(b *testing.B) {
	ours := resilience.NewBulkhead(resilience.System(), resilience.BulkheadConfig{Limit: 1, Queue: -1})
	ours.TryAcquire()
	theirs := bulkhead.New[any](1)
	theirs.TryAcquirePermit()
	b.Run("phoenix", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = ours.Acquire(context.Background())
		}
	})
	b.Run("failsafe", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = theirs.AcquirePermitWithMaxWait(context.Background(), 0)
		}
	})
}

// BenchmarkShedder admits or sheds operations of five priorities.
func BenchmarkShedder(b *testing.B) {
	clock := resilience.System()
	s := resilience.NewShedder(clock, resilience.ShedderConfig{
		Bulkhead: resilience.NewBulkhead(clock, resilience.BulkheadConfig{Limit: 64}),
	})
	var contexts []context.Context
	for p := resilience.Background; p <= resilience.Critical; p++ {
		contexts = append(contexts, resilience.WithPriority(context.Background(), p))
	}
	op := func(context.Context) error { return nil }
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			_ = s.Do(contexts[i%len(contexts)], op)
		}
	})
}
