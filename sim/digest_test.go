package sim

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTheHashDependsOnTheBytesNotOnHowTheyAreCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 3*hashBlock).Draw(t, "data")
		var whole, cut, text hasher
		whole.reset()
		cut.reset()
		text.reset()
		whole.bytes(data)
		for rest := data; len(rest) > 0; {
			k := rapid.IntRange(1, len(rest)).Draw(t, "cut")
			cut.bytes(rest[:k])
			if rapid.Bool().Draw(t, "asked") {
				cut.sum()
			}
			rest = rest[k:]
		}
		text.text(string(data))
		require.Equal(t, whole.sum(), cut.sum())
		require.Equal(t, whole.sum(), text.sum())
	})
}

func TestWordsHashAsTheirBytesAcrossTheEndOfABlock(t *testing.T) {
	for pad := hashBlock - chainSize - 40; pad < hashBlock-chainSize+40; pad++ {
		var words, bytes hasher
		words.reset()
		bytes.reset()
		words.bytes(make([]byte, pad))
		bytes.bytes(make([]byte, pad))
		words.words(1, 2, 3, 4<<56)
		bytes.bytes([]byte{
			1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
			3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4,
		})
		require.Equal(t, bytes.sum(), words.sum(), "pad %d", pad)
	}
}

// some returns an event with everything in it.
func some(t *rapid.T) Event {
	e := Event{
		Cause: rapid.Uint64Range(1, 9).Draw(t, "cause"),
		Kind:  rapid.SampledFrom([]Kind{Send, Deliver, Choice, Note}).Draw(t, "kind"),
		Host:  HostID(rapid.Int32Range(-1, 3).Draw(t, "host")),
		Peer:  HostID(rapid.Int32Range(-1, 3).Draw(t, "peer")),
		ID:    rapid.Uint64Range(0, 9).Draw(t, "id"),
		Name:  rapid.SampledFrom([]string{"", "x", "xy"}).Draw(t, "name"),
		Value: rapid.SampledFrom([]any{nil, "", "x", 1}).Draw(t, "value"),
	}
	if e.Kind == Choice {
		e.N = rapid.Uint64Range(2, 9).Draw(t, "n")
		e.Arg = rapid.Uint64Range(0, e.N-1).Draw(t, "arg")
	}
	return e
}

func digestOf(events []Event) Digest {
	w := New(Config{})
	defer w.Close()
	for _, e := range events {
		w.Emit(e)
	}
	return w.Digest()
}

func TestADigestChangesWithEveryChangeOfAnEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 80).Draw(t, "n")
		a := make([]Event, n)
		for i := range a {
			a[i] = some(t)
		}
		b := append([]Event(nil), a...)
		i := rapid.IntRange(0, n-1).Draw(t, "changed")
		b[i] = some(t)
		require.Equal(t, reflect.DeepEqual(a[i], b[i]), digestOf(a) == digestOf(b))
		require.NotEqual(t, digestOf(a), digestOf(a[1:]))
		require.NotEqual(t, digestOf(a), digestOf(a[:n-1]))
	})
}

func TestTimeIsPartOfTheDigest(t *testing.T) {
	at := func(when Time) Digest {
		w := world(t, Config{})
		w.At(when, func() { w.Emit(Event{Kind: Note, Host: NoHost, Peer: NoHost}) })
		w.Run(Limit{})
		return w.Digest()
	}
	require.Equal(t, at(1), at(1))
	require.NotEqual(t, at(1), at(2))
}

func TestDigestsPrintAndParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want, got Digest
		copy(want[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		text, err := json.Marshal(want)
		require.NoError(t, err)
		require.Equal(t, `"`+want.String()+`"`, string(text))
		require.NoError(t, json.Unmarshal(text, &got))
		require.Equal(t, want, got)
	})
	var d Digest
	require.EqualError(t, d.UnmarshalText([]byte("12")), `sim: digest "12" has 2 characters, expected 32`)
	require.ErrorContains(t, d.UnmarshalText([]byte("0123456789abcdef0123456789abcdeg")), "invalid byte: U+0067 'g'")
}

func TestTheDigestOfNothingIsPinned(t *testing.T) {
	require.Equal(t, "e5189a9599e3f86205ea23ef06e28b2d", world(t, Config{}).Digest().String())
}
