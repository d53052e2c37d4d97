package consistency

import (
	"fmt"
	"slices"
	"strings"

	"phoenix/properties/history"
)

// short is the text of v, cut so that a sentence stays one.
func short(v history.Value) string {
	const most = 40 // characters
	text := []rune(v.String())
	if len(text) <= most {
		return string(text)
	}
	return string(text[:most-1]) + "…"
}

// did is what op's client did: "read 1 of x", "wrote 2 to x", "changed x from 1 to 2".
func did(op *history.Operation) string { return phrase(op, "wrote") }

// done is the same after "had".
func done(op *history.Operation) string { return phrase(op, "written") }

func phrase(op *history.Operation, wrote string) string {
	switch {
	case op.Kind == history.CAS && op.Key == "":
		return fmt.Sprintf("changed %s to %s", short(op.Old), short(op.Arg))
	case op.Kind == history.CAS:
		return fmt.Sprintf("changed %s from %s to %s", op.Key, short(op.Old), short(op.Arg))
	case op.Kind == history.Read && op.Key == "":
		return "read " + short(op.Out)
	case op.Kind == history.Read:
		return fmt.Sprintf("read %s of %s", short(op.Out), op.Key)
	case op.Key == "":
		return wrote + " " + short(op.Arg)
	}
	return fmt.Sprintf("%s %s to %s", wrote, short(op.Arg), op.Key)
}

// stories tells what each client did of the operations at the given positions,
// which are ascending: "client 0 wrote 1 to x, then read nil of y; client 1 …".
// Of very many it tells only how many there are.
func (v *versions) stories(positions []int32) string {
	const most = 40
	if len(positions) > most {
		return plural(len(positions), "operation") + ", too many to tell of"
	}
	var order []int
	of := make(map[int][]string)
	for _, i := range positions {
		op := &v.ops[i]
		if of[op.Client] == nil {
			order = append(order, op.Client)
		}
		of[op.Client] = append(of[op.Client], did(op))
	}
	parts := make([]string, len(order))
	for i, client := range order {
		parts[i] = fmt.Sprintf("client %d %s", client, strings.Join(of[client], ", then "))
	}
	return strings.Join(parts, "; ")
}

// positions returns those of the nodes that are operations, ascending, each
// once, with what shows that they happened.
func (v *versions) positions(nodes ...int32) []int32 {
	var out []int32
	for _, node := range nodes {
		if node >= 0 && !v.initial(node) {
			out = append(out, node)
		}
	}
	slices.Sort(out)
	return v.proven(slices.Compact(out))
}

// proven adds to operations at some positions, ascending, what shows that those
// of unknown outcome among them happened: somebody read what they wrote.
func (v *versions) proven(positions []int32) []int32 {
	for at := 0; at < len(positions); at++ {
		i := positions[at]
		shown := func(r int32) bool { return r == v.proof[i] || v.from[r] == i && v.ops[r].Outcome == history.OK }
		if v.ops[i].Outcome == history.Unknown && !slices.ContainsFunc(positions, shown) {
			positions = append(positions, v.proof[i])
		}
	}
	slices.Sort(positions)
	return positions
}

// inKey is " of x" for key x and nothing where there is a single register.
func inKey(key string) string {
	if key == "" {
		return ""
	}
	return " of " + key
}

// plural is "1 write", "2 writes".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
