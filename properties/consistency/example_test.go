package consistency_test

import (
	"context"
	"fmt"
	"strings"

	"phoenix/properties/consistency"
	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// A store with asynchronous replicas. Client 1 reads from one that lags behind,
// then from one that lags even more.
func Example() {
	const log = `
{:process 0, :type :invoke, :f :write, :value 1}
{:process 0, :type :ok,     :f :write, :value 1}
{:process 0, :type :invoke, :f :write, :value 2}
{:process 0, :type :ok,     :f :write, :value 2}
{:process 0, :type :invoke, :f :write, :value 3}
{:process 0, :type :ok,     :f :write, :value 3}
{:process 1, :type :invoke, :f :read,  :value nil}
{:process 1, :type :ok,     :f :read,  :value 2}
{:process 1, :type :invoke, :f :read,  :value nil}
{:process 1, :type :ok,     :f :read,  :value 1}`
	h, err := history.ReadFrom("log.edn", strings.NewReader(log), history.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := consistency.Judge(context.Background(), h, linear.Options{Model: linear.Register})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range r.Findings {
		fmt.Println(f.Level, "-", f.Verdict)
	}
	fmt.Println(r.Of(consistency.MonotonicReads).Explanation)
	worst, _ := r.Worst()
	fmt.Println(worst.Sentence)
	// Output:
	// linearizable - fail
	// sequential - fail
	// 2-atomic - fail
	// read-your-writes - pass
	// monotonic-reads - fail
	// monotonic-writes - pass
	// writes-follow-reads - pass
	// client 1 read 1 after it had read 2, although the write of 1 had returned before that of 2 was called
	// read of 1 by client 1 was at least 2 writes behind: it was called after the write of 2 by client 0 had happened, and after the write of 3 by client 0 had happened
}
