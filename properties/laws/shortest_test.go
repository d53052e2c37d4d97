package laws_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/laws"
)

// naive returns the length of the shortest failing history of at most limit steps of three copies: of all, none left out.
func naive[S any](typ laws.Type[S], law laws.Law, limit int) int {
	for length := 1; length <= limit; length++ {
		if naiveFrom(typ, law, nil, length) {
			return length
		}
	}
	return 0
}

func naiveFrom[S any](typ laws.Type[S], law laws.Law, h laws.History, left int) bool {
	if left == 0 {
		f := laws.Check(typ, h, laws.SetOf(law))
		return f != nil && f.Law == law
	}
	done := 0
	for _, s := range h {
		if s.Kind == laws.Do {
			done++
		}
	}
	for kind, args := range map[laws.Kind]int{
		laws.Do: len(typ.Ops), laws.Receive: done, laws.Merge: 3, laws.CatchUp: 3, laws.Save: 1, laws.Crash: 1,
	} {
		for i := range 3 * args {
			s := laws.Step{Kind: kind, At: uint8(i % 3), Arg: uint8(i / 3)}
			if naiveFrom(typ, law, append(h[:len(h):len(h)], s), left-1) {
				return true
			}
		}
	}
	return false
}

// few leaves only operations on a and b, of which a naive search is capable.
func few[S any](typ laws.Type[S]) laws.Type[S] {
	typ.Ops = typ.Ops[:min(3, len(typ.Ops))]
	return typ
}

func agree[S any](t *testing.T, typ laws.Type[S], law laws.Law) {
	typ = few(typ)
	f, did := laws.Shortest(typ, laws.Options{Laws: laws.SetOf(law), Depth: 3, Unlike: law == 16})
	found := 0
	if f != nil {
		found = len(f.History)
	}
	require.True(t, did.Complete)
	require.Equal(t, naive(typ, law, 3), found, "%v", law)
}

func TestWhatShortestLeavesOutIsNeverShorter(t *testing.T) {
	agree(t, typeOf[law2](), 2)
	agree(t, typeOf[law7](), 7)
	agree(t, typeOf[law10](), 10)
	agree(t, typeOf[law11](), 11)
	agree(t, typeOf[law21](), 21)
	agree(t, typeOf[law22](), 22)
	agree(t, hoarder(), 14)
	agree(t, tied(), 16)
}

func TestAllHistoriesOfFourStepsOfTwoSetsKeepTheLaws(t *testing.T) {
	f, did := laws.Shortest(few(laws.AddWinsSet()), laws.Options{Depth: 4, Copies: 2})
	require.Nil(t, f)
	require.Equal(t, laws.Searched{Depth: 4, Histories: 10914, Complete: true}, did)
}

func TestASearchThatRunsOutSaysSo(t *testing.T) {
	f, did := laws.Shortest(laws.AddWinsSet(), laws.Options{Depth: 9, Budget: 100})
	require.Nil(t, f)
	require.Equal(t, laws.Searched{Depth: 2, Histories: 100}, did)
}
