package sketch_test

import (
	"fmt"

	"phoenix/crdt/sketch"
)

// Two sets of a thousand items differ in three. The receiver finds them from a dozen
// symbols.
func Example() {
	here, there := sketch.NewSet(7), sketch.NewSet(7)
	for i := range uint64(1000) {
		here.Add(i)
		there.Add(i)
	}
	here.Remove(17)
	here.Remove(404)
	there.Remove(800)

	about := sketch.Estimate(here.Profile(), there.Profile())
	const salt = 1
	block := there.Encoder(salt).Next(sketch.FirstSymbols(about))
	dec := sketch.NewDecoder(here.Encoder(salt))
	err := dec.Feed(block)
	fmt.Println(err, dec.Done(), dec.Verified())
	fmt.Println("ask for", dec.Missing(), "and send", dec.Extra())
	// Output:
	// <nil> true true
	// ask for [17 404] and send [800]
}

// The same by the hash trie: each page answers the one before.
func ExampleSet_Walk() {
	here, there := sketch.NewSet(7), sketch.NewSet(7)
	for i := range uint64(1000) {
		here.Add(i << 54)
		there.Add(i << 54)
	}
	here.Remove(17 << 54)
	there.Remove(800 << 54)

	walk := here.Walk(1)
	page, _ := walk.Next(1400)
	answer := there.Answer(page)
	for turn := 0; ; turn++ {
		missing, extra := answer.Receive(page)
		fmt.Printf("page %d: branches %d, missing %x, extra %x\n", turn, len(page.Branches), missing, extra)
		var ok bool
		if page, ok = answer.Next(1400); !ok {
			break
		}
		walk, answer = answer, walk
	}
	// Output:
	// page 0: branches 1, missing [], extra []
	// page 1: branches 2, missing [], extra []
	// page 2: branches 2, missing [c800000000000000], extra [440000000000000]
}
