package linear

// Order is a linearization of a key's operations: one after another in this
// order, each gives the answer it gave, and none comes after one that was
// called only when it had returned.
type Order struct {
	Key string
	// Operations are positions in History.Operations. An operation that matters
	// and is missing is of unknown outcome: in this order it never happens.
	Operations []int32
}

// Contradiction is a set of operations of one key that no order explains. None
// can be spared, unless the bound on steps ended the search for fewer.
type Contradiction struct {
	Key string
	// Operations contradict each other: positions in History.Operations, by Call.
	Operations []int32
	// Others may have changed what Operations saw, at any time after they were
	// called or never, which does not help: when they returned and what they
	// answered plays no part. Nothing else may have: neither what was called
	// later nor what the Operations themselves show to have been overwritten.
	Others []int32
	// Sentence tells it to a person, for example: "read of 3 by client 7 began
	// after client 2's write of 5 had returned, which had replaced 3".
	Sentence string
}
