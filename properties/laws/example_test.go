package laws_test

import (
	"fmt"

	"phoenix/properties/laws"
)

// A history is text that can be kept and run again.
func ExampleReplay() {
	failure, err := laws.Replay(laws.AddWinsSet(), `
		A does "add a"
		B receives delta 0
		B does "remove a"      # sees the add
		A does "add a"         # does not see the removal: it wins
		A receives delta 1
		B catches up with A`)
	fmt.Println(failure == nil, err)
	// Output: true <nil>
}
