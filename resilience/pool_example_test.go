package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"phoenix/resilience"
)

// A conn stands for something that is dear to make.
type conn struct{ id int }

func (c *conn) query(context.Context) error { fmt.Println("query over connection", c.id); return nil }

func (c *conn) rollback(context.Context) error { fmt.Println("rollback of", c.id); return nil }

func (c *conn) ping(context.Context) error { return nil }

func (c *conn) close() { fmt.Println("closed", c.id) }

// A pool of connections. In production Run would be in a goroutine.
func ExamplePool() {
	dialed := 0
	dial := func(context.Context) (*conn, error) { dialed++; return &conn{dialed}, nil }
	ctx := context.Background()

	clock := resilience.System()
	pool := resilience.NewPool(clock, resilience.PoolConfig[*conn]{
		Name: "orders", Max: 20, MaxWait: time.Second,
		Open:    dial,
		Close:   func(_ context.Context, c *conn) { c.close() },
		Check:   func(ctx context.Context, c *conn) error { return c.ping(ctx) },
		Reset:   func(ctx context.Context, c *conn) error { return c.rollback(ctx) },
		Breaker: resilience.NewBreaker(clock, resilience.BreakerConfig{Name: "orders"}),
	})
	err := pool.Do(ctx, func(ctx context.Context, c *conn) error { return c.query(ctx) })
	fmt.Println(err)
	err = pool.Do(ctx, func(context.Context, *conn) error { return errors.New("constraint violated") })
	fmt.Println(err)
	pool.Close(ctx)
	// Output:
	// query over connection 1
	// <nil>
	// rollback of 1
	// constraint violated
	// closed 1
}

// A loan may last longer than a function.
func ExamplePool_Get() {
	pool := resilience.NewPool(resilience.System(), resilience.PoolConfig[*conn]{
		Max:  1,
		Open: func(context.Context) (*conn, error) { return &conn{7}, nil },
	})
	loan, err := pool.Get(context.Background())
	if err != nil {
		fmt.Println("turned away:", err)
		return
	}
	defer loan.Return() // or Fail: it may be dirty; or Discard: it is of no use

	fmt.Println(loan.Resource().id, pool.Stats().Utilisation)
	// Output: 7 100
}

// Reads go to the replica when all connections to the primary are out.
func ExamplePool_SetSpill() {
	open := func(name string) resilience.PoolConfig[string] {
		return resilience.PoolConfig[string]{Max: 1, Open: func(context.Context) (string, error) { return name, nil }}
	}
	clock := resilience.System()
	primary := resilience.NewPool(clock, open("primary"))
	replica := resilience.NewPool(clock, open("replica"))
	primary.SetSpill(replica)
	replica.SetSpill(primary)
	for range 2 {
		loan, err := primary.Get(context.Background())
		fmt.Println(loan.Resource(), err)
	}
	// Output:
	// primary <nil>
	// replica <nil>
}
