package mutants_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
	"phoenix/properties/laws"
)

var update = flag.Bool("mutants.update", false, "rewrite the tables of docs/crdt-mutants.md")

func TestThePlainTypesKeepTheLaws(t *testing.T) {
	o := laws.Options{Histories: 500} // the types are plain, not fast
	t.Run("set", func(t *testing.T) { laws.Test(t, sets[right](), o) })
	t.Run("map", func(t *testing.T) { laws.Test(t, dictionaries[right](), o) })
	t.Run("register", func(t *testing.T) { laws.Test(t, registers[right](), o) })
	t.Run("health", func(t *testing.T) { laws.Test(t, healths[right](), o) })
}

// A mutant is a line of the table in docs/crdt-mutants.md.
type mutant struct {
	id, bug  string
	law      laws.Law
	shortest string
	shows    string
	apart    bool // some history leaves copies that differ when all is said
}

// asked is how many random histories are asked whether their copies end equal.
const asked = 2000

// killed returns the shortest history of two copies in which the variant of a type breaks one of the laws,
// which the right type keeps in that history.
func killed[S, R any](t *testing.T, id, bug string, wrong laws.Type[S], right laws.Type[R], named ...laws.Law) mutant {
	t.Helper()
	o := laws.Options{Laws: laws.SetOf(named...), Depth: 6, Copies: 2}
	f, _ := laws.Shortest(wrong, o)
	require.NotNil(t, f, "%s: %s survives", id, bug)
	require.Contains(t, named, f.Law, "%s: %v", id, f)
	require.Nil(t, laws.Check(right, f.History, o.Laws), "%s: the type without it", id)
	shows, _, _ := strings.Cut(f.Detail, "\n")
	if strings.Contains(shows, "is not") { // two states that differ: what they read says more
		shows = reads(f.Detail, shows)
	}
	return mutant{id, bug, f.Law, strings.ReplaceAll(wrong.Format(f.History), "\n", "; "), shows, diverges(wrong)}
}

// reads adds to a line what two states read, where that differs.
func reads(detail, line string) string {
	lines := strings.Split(detail, "\n")
	one, other := strings.Fields(lines[1]), strings.Fields(lines[2])
	a, b := strings.Join(one[2:], " "), strings.Join(other[2:], " ")
	if a == b {
		return line
	}
	return line + ": " + a + " and " + b
}

// diverges reports whether in one of many random histories the copies are not equal after each has merged
// each: all that a test of convergence looks at.
func diverges[S any](typ laws.Type[S]) bool {
	histories := laws.Histories(len(typ.Ops), laws.Options{})
	for seed := range asked {
		if copies := final(typ, histories.Example(seed)); !crdt.Same(copies[0], copies[1]) ||
			!crdt.Same(copies[1], copies[2]) {
			return true
		}
	}
	return false
}

// settled is a state that is merged and compared.
type settled[S any] interface {
	crdt.State[S]
}

// final runs a history, has all copies merge each other twice, and returns them.
func final[S any](typ laws.Type[S], h laws.History) (out [3]settled[S]) {
	var copies, saved [3]*S
	var epochs [3]uint64
	var deltas []*S
	for i := range copies {
		copies[i], saved[i] = new(S), new(S)
	}
	on := func(s *S) settled[S] { return any(s).(settled[S]) }
	for _, s := range h {
		at := s.At
		switch s.Kind {
		case laws.Do:
			e := laws.Event{ID: len(deltas), Copy: int(at), Replica: crdt.Replica(epochs[at]<<4 | uint64(at+1))}
			deltas = append(deltas, typ.Ops[s.Arg].Do(copies[at], &e))
		case laws.Receive:
			on(copies[at]).Merge(deltas[s.Arg])
		case laws.Merge, laws.CatchUp:
			on(copies[at]).Merge(copies[s.Arg])
		case laws.Save:
			saved[at] = crdt.Clone(copies[at])
		case laws.Crash:
			copies[at] = crdt.Clone(saved[at])
			epochs[at]++
		}
	}
	for range 2 {
		for i := range copies {
			for j := range copies {
				on(copies[i]).Merge(copies[j])
			}
		}
	}
	for i := range copies {
		out[i] = on(copies[i])
	}
	return out
}

// theMutants finds all of them, in the order of the table.
func theMutants(t *testing.T) []mutant {
	small := []string{"add a", "remove a"}
	set, reg := sets[right](), registers[right]()
	all := []mutant{
		killed(t, "M1", "a delta claims all dots up to its own", sets[m1](), set, 15),
		killed(t, "M2", "a part of the difference has the context of the whole", sets[m2](), set, 11, 15),
		killed(t, "M3", "a removal reaches only up to the contiguous mark",
			only(sets[m3](), small...), only(set, small...), 12, 17),
		killed(t, "M4", "the stamp is the count of own writes", registers[m4](), reg, 16),
		findSystem(t, 0),
		killed(t, "M6", "each instance hashes with a seed of its own", sets[m6](), set, 21),
		findSystem(t, 1),
		killed(t, "M9", "the identifier outlives the state", sets[m9](), set, 10),
		killed(t, "M10", "the next dot ignores those in the cloud", sets[m10](), set, 10),
		killed(t, "M11", "merge returns early for an equal context, which a removal leaves equal", sets[m11](), set, 15),
		killed(t, "M12", "in both, so keep", only(sets[m12](), small...), only(set, small...), 13),
		killed(t, "M13", "a removed key is reset only where it was added again",
			dictionaries[m13](), dictionaries[right](), 14),
		killed(t, "M16", "of two equal stamps the receiver's stays", registers[m16](), reg, 2),
		killed(t, "M16", "the seed's stamps are whole seconds", registers[ms](), reg, 16),
		killed(t, "M18", "the clock ignores the counter of an equal time", registers[m18](), reg, 16),
		findSystem(t, 2), findSystem(t, 3),
		killed(t, "M25", "adding again keeps the old dots", sets[m25](), set, 19),
		killed(t, "S2", "health is read, changed and written back", healths[s2](), healths[right](), 15),
		killed(t, "S4", "absent is taken to be unknown", sets[s4](), set, 13),
	}
	return all
}

// What M25 costs: a thousand adds of one element.
func TestAddingAgainTakesNoSpaceButInTheMutant(t *testing.T) {
	var ours crdt.AddWinsSet[string]
	var plain store[right]
	var wrong store[m25]
	for range 1000 {
		ours.Add(1, "x")
		plain.add(1, "x")
		wrong.add(1, "x")
	}
	for i, s := range []interface{ AppendBinary([]byte) ([]byte, error) }{&ours, &plain, &wrong} {
		b, err := s.AppendBinary(nil)
		require.NoError(t, err)
		require.Equal(t, []int{14, 13, 5880}[i], len(b))
	}
}

func TestEachMutantIsKilledByItsLaw(t *testing.T) {
	var b strings.Builder
	b.WriteString("| id | defect | breaks | shortest history | what shows | do copies end unequal? |\n|---|---|---|---|---|---|\n")
	for _, m := range theMutants(t) {
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %s |\n", m.id, m.bug, m.law,
			strings.ReplaceAll(m.shortest, `"`, ""), m.shows, map[bool]string{true: "yes", false: "**never**"}[m.apart])
	}
	requireBlock(t, "mutants", b.String())
}

// Both forms of M16 break law 2; for the second the table shows what it loses beside.
func TestWholeSecondsDoNotCommuteEither(t *testing.T) {
	f, _ := laws.Shortest(registers[ms](), laws.Options{Laws: laws.SetOf(2), Depth: 2, Copies: 2})
	require.NotNil(t, f)
	require.EqualValues(t, 2, f.Law)
}

// requireBlock holds a block of the page to what it should be; -mutants.update rewrites it.
func requireBlock(t *testing.T, name, want string) {
	t.Helper()
	const path = "../../docs/crdt-mutants.md"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), "<!-- "+name+" -->\n")
	require.True(t, found, "no line <!-- %s -->", name)
	got, after, found := strings.Cut(rest, "<!-- end -->\n")
	require.True(t, found, "the block %s has no line <!-- end -->", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+"<!-- "+name+" -->\n"+want+"<!-- end -->\n"+after), 0o644))
		return
	}
	require.Equal(t, want, got, "go test ./crdt/mutants -mutants.update rewrites the block")
}
