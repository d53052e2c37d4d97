package consistency

import (
	"fmt"
	"math"

	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// What an operation read, if it is not known to be the version of one write.
const (
	nothing   int32 = -1 - iota // it read nothing, or nobody saw what
	ambiguous                   // several operations wrote that value
	unwritten                   // no other operation wrote that value
)

// versions is a history in which each operation that read is joined with the
// one whose version it returned. A write is a node: operation i is node i, and
// the imaginary write of what key k holds initially is node len(ops)+k, which
// returned before everything else was called.
type versions struct {
	opt  *linear.Options
	flaw flaw // none, except in tests
	ops  []history.Operation
	keys []string  // in order of first appearance
	of   [][]int32 // each key's operations, ascending
	key  []int32   // of each operation
	from []int32   // the node each operation read, or one of the constants above
	// happened tells of each operation that is not a lookup nobody saw the
	// result of whether it certainly took effect: it was acknowledged, or what
	// it wrote was read.
	happened []bool
	// proof is, for each operation of unknown outcome that happened, one that
	// read what it wrote and certainly happened.
	proof []int32
	// same is, for each node, the first node that wrote the same value to the same key.
	same []int32
	// place is where a node stands in whatever list is being worked on.
	place []int32
}

// slot is a value in a key.
type slot struct {
	key   int32
	value history.Value
}

// writers are those of one slot.
type writers struct{ first, count int32 }

// resolve finds out who read whose write, in O(n) expected.
func resolve(h *history.History, opt *linear.Options) *versions { return resolveWith(h, opt, flawless) }

func resolveWith(h *history.History, opt *linear.Options, flaw flaw) *versions {
	n := len(h.Operations)
	v := &versions{opt: opt, flaw: flaw, ops: h.Operations, key: make([]int32, n), from: make([]int32, n),
		happened: make([]bool, n), proof: make([]int32, n)}
	v.sortByKey()
	v.same, v.place = make([]int32, n+len(v.keys)), make([]int32, n+len(v.keys))
	wrote := make(map[slot]writers, n/2)
	for k := range v.keys {
		v.same[n+k] = int32(n + k)
		if v.flaw == flawNoInitial {
			continue
		}
		wrote[slot{int32(k), opt.Init}] = writers{int32(n + k), 1}
	}
	for i := range v.ops {
		if !writes(&v.ops[i]) {
			continue
		}
		s := slot{v.key[i], v.ops[i].Arg}
		w, again := wrote[s]
		if !again {
			w.first = int32(i)
		}
		w.count++
		wrote[s], v.same[i] = w, w.first
	}
	for i := range v.ops {
		v.from[i] = v.source(i, wrote)
	}
	for i := range v.ops {
		if v.ops[i].Outcome == history.OK {
			v.markHappened(int32(i))
		}
	}
	return v
}

func (v *versions) sortByKey() {
	index := make(map[string]int32)
	var counts []int
	for i := range v.ops {
		k, ok := index[v.ops[i].Key]
		if !ok {
			k = int32(len(v.keys))
			index[v.ops[i].Key] = k
			v.keys, counts = append(v.keys, v.ops[i].Key), append(counts, 0)
		}
		v.key[i] = k
		counts[k]++
	}
	v.of = make([][]int32, len(counts))
	for k, count := range counts {
		v.of[k] = make([]int32, 0, count)
	}
	for i, k := range v.key {
		v.of[k] = append(v.of[k], int32(i))
	}
}

// writes reports whether op changes a register if it takes effect.
func writes(op *history.Operation) bool {
	return (op.Kind == history.Write || op.Kind == history.CAS) && op.Outcome != history.Failed
}

// source returns what operation i read if it happened.
func (v *versions) source(i int, wrote map[slot]writers) int32 {
	op := &v.ops[i]
	sought := op.Old
	switch {
	case op.Kind == history.Read && (op.Outcome != history.OK || v.reads(op) == anything):
		return nothing
	case op.Kind == history.Read:
		sought = op.Out
	case op.Kind != history.CAS || op.Outcome == history.Failed:
		return nothing
	}
	w := wrote[slot{v.key[i], sought}]
	if op.Kind == history.Read && v.reads(op) == emptyOrAbsent {
		absent := wrote[slot{v.key[i], history.Value{}}]
		w.count += absent.count
		if w.count == absent.count {
			w.first = absent.first
		}
	}
	switch {
	case w.count == 0 || (w.count == 1 && w.first == int32(i)):
		return unwritten
	case w.count > 1:
		return ambiguous
	}
	return w.first
}

// reading says which values of a register an OK read may have seen.
type reading uint8

const (
	exactly       reading = iota // what it returned
	anything                     // its nil means that the client did not look
	emptyOrAbsent                // an empty text also stands for an absent key
)

func (v *versions) reads(op *history.Operation) reading {
	switch {
	case op.Out.IsNil() && v.opt.NilRead == linear.NilIsAnything && v.flaw != flawNilIsValue:
		return anything
	case v.opt.Model == linear.KV && op.Out == history.Text("") && v.flaw != flawAbsentText:
		return emptyOrAbsent
	}
	return exactly
}

// markHappened marks i and what must have happened because i did.
func (v *versions) markHappened(i int32) {
	for proof := i; i >= 0 && int(i) < len(v.ops) && !v.happened[i]; i = v.from[i] {
		v.happened[i], v.proof[i] = true, proof
		proof = i
	}
}

// initial reports whether node is the imaginary first write of a key.
func (v *versions) initial(node int32) bool { return int(node) >= len(v.ops) }

// ret is when node returned.
func (v *versions) ret(node int32) int64 {
	switch {
	case v.initial(node):
		return math.MinInt64
	case v.flaw == flawPendingEnds && v.ops[node].Outcome == history.Unknown:
		return v.ops[node].Call
	}
	return v.ops[node].Return
}

// call is when node was called.
func (v *versions) call(node int32) int64 {
	if v.initial(node) {
		return math.MinInt64
	}
	return v.ops[node].Call
}

// value is what a register holds after node.
func (v *versions) value(node int32) history.Value {
	if v.initial(node) {
		return v.opt.Init
	}
	return v.ops[node].Arg
}

// unplaced returns the first operation of key k that certainly read something
// but not known which version, or -1.
func (v *versions) unplaced(k int32) int32 {
	for _, i := range v.of[k] {
		if v.happened[i] && v.from[i] < nothing {
			return i
		}
	}
	return -1
}

// whyUnplaced says what is unknown of an operation that unplaced returned.
func (v *versions) whyUnplaced(i int32) string {
	op := &v.ops[i]
	seen, another := op.Out, ""
	if op.Kind == history.CAS {
		seen, another = op.Old, " else"
	}
	if v.from[i] == unwritten {
		return fmt.Sprintf("client %d %s, but nothing%s wrote %s", op.Client, did(op), another, short(seen))
	}
	return fmt.Sprintf("client %d %s, and which of several writes of %s that was is not known", op.Client, did(op), short(seen))
}
