package linear

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

func TestNamesOfModelsAndOptionsParse(t *testing.T) {
	require.Equal(t, []string{"register", "cas-register", "kv", "queue", "stack", "set", "multiset", "mutex", "lock"}, ModelNames())
	for _, name := range ModelNames() {
		m, err := ModelByName(name)
		require.NoError(t, err)
		require.Equal(t, name, m.String())
	}
	_, err := ModelByName("heap")
	require.EqualError(t, err, `linear: no model "heap", expected one of register, cas-register, kv, queue, stack, set, multiset, mutex, lock`)
	_, err = ParseNilRead("no")
	require.EqualError(t, err, `linear: nil read is "no", expected any or nil`)
	_, err = ParseFailedCAS("no")
	require.EqualError(t, err, `linear: failed cas is "no", expected checked or dropped`)
	anything, err := ParseNilRead("any")
	require.NoError(t, err)
	require.Equal(t, NilIsAnything, anything)
	dropped, err := ParseFailedCAS("dropped")
	require.NoError(t, err)
	require.Equal(t, FailedCASDropped, dropped)
}

func TestAnInvalidHistoryIsNotJudged(t *testing.T) {
	h := &history.History{Operations: []history.Operation{{Kind: history.Write, Call: 5, Return: 4}}}
	res, err := Check(context.Background(), h, Options{})
	require.ErrorIs(t, err, history.ErrInvalid)
	require.Equal(t, properties.Inconclusive, res.Verdict)
	require.ErrorIs(t, WriteHTML(context.Background(), io.Discard, h, Options{}, Result{}), history.ErrInvalid)
}
