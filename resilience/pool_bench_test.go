package resilience_test

import (
	"context"
	"testing"

	"phoenix/resilience"
)

// BenchmarkPool borrows what is idle of 64 and gives it back, beside a channel of resources, which is what one
// writes by hand: without a bound, priorities, owners, checks or a way to notice a second return.
//
//	go test -run - -bench Pool -cpu 1,8 ./resilience
func BenchmarkPool(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cfg := resilience.PoolConfig[int]{Max: 64, Initial: 64, Open: func(context.Context) (int, error) { return 1, nil }}
	ours := resilience.NewPool(resilience.System(), cfg)
	if err := ours.Maintain(ctx); err != nil {
		b.Fatal(err)
	}
	channel := make(chan int, 64)
	for i := range 64 {
		channel <- i
	}
	for _, c := range []struct {
		name string
		call func() error
	}{
		{"Get/phoenix", func() error {
			loan, err := ours.Get(ctx)
			loan.Return()
			return err
		}},
		{"Get/channel", func() error {
			select {
			case x := <-channel:
				channel <- x
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}},
		{"Do/phoenix", func() error { return ours.Do(ctx, func(context.Context, int) error { return nil }) }},
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

// BenchmarkPoolContended has 16 borrowers for 2 resources: most of them wait for their turn.
func BenchmarkPoolContended(b *testing.B) {
	ctx := context.Background()
	p := resilience.NewPool(resilience.System(), resilience.PoolConfig[int]{
		Max: 2, Queue: 1000, Target: -1, Open: func(context.Context) (int, error) { return 1, nil },
	})
	op := func(context.Context, int) error { return nil }
	b.SetParallelism(16)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if p.Do(ctx, op) != nil {
				b.Error("turned away")
			}
		}
	})
}
