package laws_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/properties/laws"
)

func TestAHistoryIsReadBackAsItWasPrinted(t *testing.T) {
	typ := laws.LWWMap()
	rapid.Check(t, func(t *rapid.T) {
		h := laws.Histories(len(typ.Ops), laws.Options{Copies: 8}).Draw(t, "history")
		back, err := laws.ParseHistory(&typ, typ.Format(h))
		require.NoError(t, err)
		require.Equal(t, h, back)
	})
}

func TestTextThatIsNoHistoryIsRefusedWithItsLine(t *testing.T) {
	typ := laws.GSet()
	for text, want := range map[string]string{
		"A does \"add a\"\nB merges Z":     "line 2: expected a copy, A to H, not \"Z\"",
		"A does \"add z\"":                 "line 1: there is no operation \"add z\"",
		"A does \"add a":                   "line 1: there is no operation \"add a\"",
		"\n\n# so\nA explodes":             "line 4: expected does, receives",
		"A receives delta 0":               "step 0 is about a copy, an operation or a delta that is not there",
		"A receives delta 300":             "line 1: strconv",
		"merges":                           "line 1: expected a copy",
		many(65, "A does \"add a\"\n"):     "65 operations, the limits are 256 and 64",
		many(257, "A merges B # again\n"):  "257 steps and 0 operations",
		"A does \"add a\"\nB receives 0":   "line 2: expected does",
		"A catches up with\nB merges A\n ": "line 1: expected does",
	} {
		_, err := laws.Replay(typ, text)
		require.ErrorIs(t, err, laws.ErrHistory)
		require.ErrorContains(t, err, want)
	}
}

func many(n int, line string) (text string) {
	for range n {
		text += line
	}
	return text
}

func FuzzParseHistory(f *testing.F) {
	f.Add("A does \"add a\" (delta 0)\nB receives delta 0 # B: [\"a\"]\nC merges A\nB catches up with C\nB saves\nB crashes")
	f.Add("A does \"remove c\"\n\n# nothing\nH merges H")
	f.Add("I saves")
	f.Fuzz(func(t *testing.T, text string) {
		typ := laws.AddWinsSet()
		h, err := laws.ParseHistory(&typ, text)
		if err != nil {
			require.ErrorIs(t, err, laws.ErrHistory)
			return
		}
		again, err := laws.ParseHistory(&typ, typ.Format(h))
		require.NoError(t, err)
		require.Equal(t, h, again)
		require.Nil(t, laws.Check(typ, h, 0))
	})
}

func TestATypeThatLacksSomethingIsRefused(t *testing.T) {
	type unmergeable struct{}
	require.Panics(t, func() { laws.Bulk(laws.Type[unmergeable]{Name: "u"}, laws.Options{}) })
	typ := laws.GSet()
	typ.Ops[1].Name = typ.Ops[0].Name
	require.PanicsWithValue(t, `laws: GSet: operation "add a" has no Do, no plain name or no name of its own`,
		func() { laws.Check(typ, nil, 0) })
	typ = laws.GSet()
	typ.Spec = nil
	require.PanicsWithValue(t, "laws: GSet: a Type needs 1 to 256 Ops, Read and Spec", func() { laws.Churn(typ) })
}

func TestLawsHaveSentences(t *testing.T) {
	require.Equal(t, "law 13: a read returns what the specification says of the visible events",
		fmt.Sprintf("%v: %s", laws.Law(13), laws.Law(13).Sentence()))
	require.Equal(t, "there is no law 24", laws.Law(24).Sentence())
	require.Equal(t, "{3 14}", laws.SetOf(14, 3).String())
	require.Equal(t, 24, laws.AllLaws().Len())
}

// The same on every machine: GOARCH=386 and another process give the same bytes (law 21).
func TestEncodingsOfReachableStatesArePinned(t *testing.T) {
	golden(t, "digests.txt", digest(laws.AddWinsSet())+digest(laws.RemoveWinsSet())+digest(laws.GSet())+
		digest(laws.TwoPhaseSet())+digest(laws.EnableWinsFlag())+digest(laws.DisableWinsFlag())+
		digest(laws.MVRegister())+digest(laws.GCounter())+digest(laws.PNCounter())+digest(laws.BoundedCounter())+
		digest(laws.LWWRegister())+digest(laws.LWWMap())+digest(laws.Cell())+digest(laws.TombstoneMap())+
		digest(laws.ORMap())+digest(laws.DeepMap())+digest(laws.CounterMap()))
}

func digest[S any](typ laws.Type[S]) string {
	return fmt.Sprintf("%x %s\n", laws.Digest(typ, laws.Options{Histories: 300}), typ.Name)
}
