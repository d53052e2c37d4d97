package linear_test

import (
	"context"
	"fmt"
	"os"
	"strings"

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
	h, err := linear.ReadFrom("log.edn", strings.NewReader(log), linear.ReadOptions{})
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

// A simulator records as it runs.
func ExampleRecorder() {
	var rec linear.Recorder
	events := []linear.Event{
		{Process: 0, Kind: linear.Write, Key: "x", Value: linear.Int(3), Time: 1000},
		{Process: 1, Kind: linear.Read, Key: "x", Time: 2000},
		{Type: linear.OKEvent, Process: 1, Kind: linear.Read, Key: "x", Value: linear.Int(3), Time: 5000},
		{Type: linear.InfoEvent, Process: 0, Kind: linear.Write, Key: "x", Time: 9000},
	}
	for _, e := range events {
		if err := rec.Add(e); err != nil {
			fmt.Println(err)
		}
	}
	if err := linear.WriteJSONL(os.Stdout, rec.History()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"type":"invoke","process":0,"f":"write","key":"x","value":3,"time":1000}
	// {"type":"invoke","process":1,"f":"read","key":"x","time":2000}
	// {"type":"ok","process":1,"f":"read","key":"x","value":3,"time":5000}
}
