package linear_test

import (
	"context"
	"fmt"
	"strings"

	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// Two clients share a register. The second reads a value that the first had
// already replaced.
func Example() {
	const log = `
{:process 0, :type :invoke, :f :write, :value 1}
{:process 0, :type :ok,     :f :write, :value 1}
{:process 0, :type :invoke, :f :write, :value 2}
{:process 1, :type :invoke, :f :read,  :value nil}
{:process 0, :type :ok,     :f :write, :value 2}
{:process 1, :type :ok,     :f :read,  :value 2}
{:process 1, :type :invoke, :f :read,  :value nil}
{:process 1, :type :ok,     :f :read,  :value 1}`
	h, err := history.ReadFrom("log.edn", strings.NewReader(log), history.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := linear.Check(context.Background(), h, linear.Options{Model: linear.Register})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Verdict, "-", res.Explanation)
	// Output: fail - read returned 1 after 2 was acknowledged
}

// Both verdicts come with a proof, which code of its own verifies.
func ExampleCheck() {
	ok := func(client int, kind history.Kind, arg, out history.Value, call int64) history.Operation {
		return history.Operation{Client: client, Kind: kind, Arg: arg, Out: out, Call: call, Return: call + 15}
	}
	a, b := history.Text("a"), history.Text("b")
	h := &history.History{Operations: []history.Operation{
		ok(0, history.Enqueue, a, history.Value{}, 0),
		ok(1, history.Enqueue, b, history.Value{}, 10),
		ok(2, history.Dequeue, history.Value{}, b, 20),
	}}
	opt := linear.Options{Model: linear.Queue}
	res, err := linear.Check(context.Background(), h, opt)
	fmt.Println(res.Verdict, err, res.Orders[0].Operations, linear.VerifyOrder(h, opt, res.Orders[0]))

	h.Operations[1].Call = 17 // when a was there
	res, err = linear.Check(context.Background(), h, opt)
	fmt.Println(res.Verdict, err, res.Contradiction.Verify(h, opt))
	fmt.Println(res.Contradiction.Sentence)
	for _, line := range res.Contradiction.Lanes(h) {
		fmt.Println(line)
	}
	// Output:
	// pass <nil> [1 0 2] <nil>
	// fail <nil> <nil>
	// client 2's dequeue of "b" came while "a", which nothing had taken, was ahead of "b": client 0's enqueue of "a" returned before client 1's enqueue of "b" was called
	// client 0  |-enqueue of "a"-|
	// client 2                       |=dequeue of "b"=|
	// client 1                     |..enqueue of "b"..>
}

// A counter that adds what is written and answers with the sum.
func ExampleOptions_step() {
	counter := func(state history.Value, op *history.Operation) (bool, history.Value) {
		sum, _ := state.Int()
		n, _ := op.Arg.Int()
		return op.Kind == history.Write || op.Out == state, history.Int(sum + n)
	}
	h := &history.History{Operations: []history.Operation{
		{Client: 0, Kind: history.Write, Arg: history.Int(2), Call: 0, Return: 9},
		{Client: 1, Kind: history.Write, Arg: history.Int(3), Call: 1, Return: history.Pending, Outcome: history.Unknown},
		{Client: 2, Kind: history.Read, Out: history.Int(3), Call: 2, Return: 4},
		{Client: 2, Kind: history.Read, Out: history.Int(5), Call: 10, Return: 12},
	}}
	res, err := linear.Check(context.Background(), h, linear.Options{Step: counter, Init: history.Int(0)})
	fmt.Println(res.Verdict, err, res.Orders[0].Operations)
	// Output: pass <nil> [1 2 0 3]
}
