package network

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
)

// ticker counts what its timers do, and tells of an operation for each.
type ticker struct {
	a, b  *sim.Timer
	fired int
}

func (*ticker) Receive(ID, any) {}

func tickerSolo(boot func(*Endpoint, *ticker)) (*Solo, *ticker) {
	h := &ticker{}
	s := NewSolo(SoloConfig{Names: []string{"n"}, Choose: func(string, int) int { return 0 }, Boot: func(ep *Endpoint) Handler {
		h.a = ep.Timer("a", func() {
			h.fired++
			ep.Invoke("op")
			h.b.Reset(time.Second)
		})
		h.b = ep.Timer("b", func() { boot(ep, h) })
		h.a.Reset(time.Minute)
		return h
	}})
	return s, h
}

func TestASoloIsRewoundToItsMark(t *testing.T) {
	s, h := tickerSolo(func(*Endpoint, *ticker) {})
	require.NoError(t, s.Boot())
	first, ok := s.Mark()
	require.True(t, ok)
	require.True(t, s.At(first))
	require.NoError(t, s.Fire("a"))
	require.False(t, s.At(first))
	second, ok := s.Mark()
	require.True(t, ok)
	require.Equal(t, 1, h.fired)

	for range 2 {
		require.True(t, s.Rewind(first))
		require.True(t, s.At(first))
		require.True(t, h.a.Running())
		require.Equal(t, sim.Time(time.Minute), h.a.Due())
		require.False(t, h.b.Running())
		require.EqualValues(t, 0, s.Operations())
		require.True(t, s.Rewind(second))
		require.False(t, h.a.Running())
		require.True(t, h.b.Running())
		require.Equal(t, sim.Time(time.Second), h.b.Due())
		require.EqualValues(t, 1, s.Operations())
	}
	require.NoError(t, s.Fire("b"))
	require.NoError(t, s.Fire("a"), "it does not run")
	require.Equal(t, 1, h.fired, "the handler is left to the caller")
}

func TestASoloThatIsMoreThanItsTimersIsNotRewound(t *testing.T) {
	for name, do := range map[string]func(*Endpoint, *ticker){
		"another timer": func(ep *Endpoint, _ *ticker) { ep.Timer("c", func() {}) },
		"a disk":        func(ep *Endpoint, _ *ticker) { ep.Disk() },
		"a process":     func(ep *Endpoint, _ *ticker) { ep.Go("p", func(p *Proc) { p.Sleep(time.Hour) }) },
		"a panic":       func(*Endpoint, *ticker) { panic("no") },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := tickerSolo(do)
			defer s.Close()
			require.NoError(t, s.Boot())
			require.NoError(t, s.Fire("a"))
			m, ok := s.Mark()
			require.True(t, ok)
			err := s.Fire("b")
			require.Equal(t, name == "a panic", err != nil)
			require.False(t, s.Rewind(m))
			require.False(t, s.At(m))
			_, ok = s.Mark()
			require.Equal(t, name == "another timer", ok)
		})
	}
	s, _ := tickerSolo(func(*Endpoint, *ticker) {})
	require.NoError(t, s.Boot())
	m, _ := s.Mark()
	s.Advance(time.Second)
	require.False(t, s.Rewind(m), "time has passed")
}
