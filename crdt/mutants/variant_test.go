// Package mutants_test has the defects that CRDT libraries and the seeds have had, each as one line in
// a plain type that is right without it, and looks for the shortest history that tells the two apart.
// The histories stand in docs/crdt-mutants.md.
package mutants_test

// A variant is a type argument that says which defect a plain type has: set[m11] is the set with the
// defect M11 and set[right] the one without any. So the zero value of each is its bottom.
type (
	right struct{}
	m1    struct{} // an add's delta claims all dots up to its own
	m2    struct{} // a part of the state ships the whole context
	m3    struct{} // a removal reaches only up to the contiguous mark
	m4    struct{} // the stamp is the replica's own count of writes
	m6    struct{} // the encoding is hashed with a seed of the instance
	m7    struct{} // a delta leaves out the dots that others have superseded
	m9    struct{} // the identifier outlives the state
	m10   struct{} // the next dot is that after the contiguous mark
	m11   struct{} // merge returns at once if the context covers the other
	m12   struct{} // an element in both states stays with all dots
	m13   struct{} // a removed key is reset only where it has been added again
	m16   struct{} // of two equal stamps the receiver's stays
	ms    struct{} // M16 with the seed's whole seconds
	m18   struct{} // the clock ignores the counter of a stamp of its own time
	m25   struct{} // adding again keeps the old dots
	s2    struct{} // health is one value, read, modified and written
	s4    struct{} // what is absent is taken to be unknown
)

// has reports whether the variant B is the defect M.
func has[M, B any]() bool {
	var b B
	_, yes := any(b).(M)
	return yes
}
