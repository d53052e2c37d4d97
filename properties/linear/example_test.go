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
