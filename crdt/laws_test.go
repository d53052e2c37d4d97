package crdt_test

import (
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
	"phoenix/properties/laws"
)

// full is what every type of the package has.
type full[S any] interface {
	crdt.State[S]
	Diff(*S) *S
	Split() iter.Seq[*S]
}

func on[S any](s *S) full[S] { return any(s).(full[S]) }

func join[S any](states ...*S) *S {
	out := new(S)
	for _, s := range states {
		on(out).Merge(s)
	}
	return out
}

func encoded[S any](t require.TestingT, s *S) []byte {
	b, err := on(s).AppendBinary(nil)
	require.NoError(t, err)
	return b
}

func same[S any](t require.TestingT, law string, want, got *S) {
	require.Equal(t, encoded(t, want), encoded(t, got), law)
}

func TestGCounterKeepsTheLaws(t *testing.T)        { laws.Test(t, laws.GCounter()) }
func TestPNCounterKeepsTheLaws(t *testing.T)       { laws.Test(t, laws.PNCounter()) }
func TestBoundedCounterKeepsTheLaws(t *testing.T)  { laws.Test(t, laws.BoundedCounter()) }
func TestGSetKeepsTheLaws(t *testing.T)            { laws.Test(t, laws.GSet()) }
func TestTwoPhaseSetKeepsTheLaws(t *testing.T)     { laws.Test(t, laws.TwoPhaseSet()) }
func TestAddWinsSetKeepsTheLaws(t *testing.T)      { laws.Test(t, laws.AddWinsSet()) }
func TestRemoveWinsSetKeepsTheLaws(t *testing.T)   { laws.Test(t, laws.RemoveWinsSet()) }
func TestEnableWinsFlagKeepsTheLaws(t *testing.T)  { laws.Test(t, laws.EnableWinsFlag()) }
func TestDisableWinsFlagKeepsTheLaws(t *testing.T) { laws.Test(t, laws.DisableWinsFlag()) }
func TestMVRegisterKeepsTheLaws(t *testing.T)      { laws.Test(t, laws.MVRegister()) }
func TestLWWRegisterKeepsTheLaws(t *testing.T)     { laws.Test(t, laws.LWWRegister()) }
func TestLWWMapKeepsTheLaws(t *testing.T)          { laws.Test(t, laws.LWWMap()) }
func TestCellKeepsTheLaws(t *testing.T)            { laws.Test(t, laws.Cell()) }
func TestTombstoneMapKeepsTheLaws(t *testing.T)    { laws.Test(t, laws.TombstoneMap()) }
func TestMapOfSetsKeepsTheLaws(t *testing.T)       { laws.Test(t, laws.ORMap()) }
func TestMapOfMapsKeepsTheLaws(t *testing.T)       { laws.Test(t, laws.DeepMap()) }
func TestMapOfCountersKeepsTheLaws(t *testing.T)   { laws.Test(t, laws.CounterMap()) }
