package crdt_test

import (
	"fmt"
	"slices"

	"phoenix/crdt"
)

// Two copies change on their own. The add that the removal did not see stays.
func Example() {
	var here, there crdt.AddWinsSet[string]
	here.Add(1, "milk")
	there.Merge(&here)

	removed := there.Remove(2, "milk")
	here.Add(1, "milk")
	here.Add(1, "bread")
	here.Merge(removed)                      // a delta suffices
	there.Merge(here.Delta(there.Context())) // and so does what the context lacks
	fmt.Println(slices.Collect(here.All()), slices.Collect(there.All()), crdt.Same(&here, &there))
	// Output: [bread milk] [bread milk] true
}

// A removal resets what it saw; what it did not see survives.
func ExampleORMap() {
	type tags = *crdt.AddWinsSet[string]
	var a, b crdt.ORMap[string, tags]
	a.Update("post", func(v tags) tags { return v.Add(1, "old") })
	b.Merge(&a)
	a.Remove(1, "post")
	b.Update("post", func(v tags) tags { return v.Add(2, "new") })
	a.Merge(&b)
	v, _ := a.Get("post")
	fmt.Println(slices.Collect(v.All()))
	// Output: [new]
}

// A hero of the seeds: health is a counter, so a wound and a cure at the same time both count.
func ExampleTombstoneMap() {
	type heroes = crdt.TombstoneMap[string, crdt.PNCounter]
	health := func(r crdt.Replica, n int64) func(*crdt.PNCounter) *crdt.PNCounter {
		return func(v *crdt.PNCounter) *crdt.PNCounter { return v.Add(r, n) }
	}
	var oslo, rome heroes
	oslo.Update(1, "ada", health(1, 80))
	rome.Merge(&oslo)
	oslo.Update(1, "ada", health(1, -11))
	rome.Update(2, "ada", health(2, +20))
	oslo.Merge(&rome)
	v, _ := oslo.Get("ada")
	fmt.Println(v.Value())

	rome.Delete(2, "ada") // has not seen the wound, and wins
	rome.Merge(&oslo)
	_, err := rome.Update(2, "ada", health(2, 20))
	fmt.Println(rome.Dead("ada"), err)
	// Output:
	// 89
	// true crdt: the key was deleted
}
