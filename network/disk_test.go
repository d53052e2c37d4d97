package network

import (
	"testing"
	"time"

	"phoenix/sim"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
)

// keeper counts its boots on its disk, and never hears of a sync after its crash.
type keeper struct {
	t     *testing.T
	boots []byte
	ended int
	last  *Endpoint
}

func (k *keeper) boot(ep *Endpoint) Handler {
	k.last = ep
	d := ep.Disk()
	require.Same(k.t, d, ep.Disk())
	k.boots, _ = d.ReadFile("boots")
	ep.Go("keeper", func(p *Proc) {
		defer func() { require.True(k.t, p.Host().Up() || d.Append("boots", []byte("ghost")) != nil) }()
		require.NoError(k.t, d.Append("boots", []byte("x")))
		require.NoError(k.t, p.Sync("boots"))
		require.NoError(k.t, p.SyncDir())
		k.ended++
		require.NoError(k.t, d.Append("boots", []byte("unsynced")))
		p.Sleep(time.Hour)
	})
	return nil
}

func TestADiskOutlivesTheBootAndItsHandleDoesNot(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	n := New(w, Config{Disk: disk.Config{Sync: disk.Latency{Min: time.Millisecond}}})
	k := &keeper{t: t}
	id := n.Add("a", k.boot)
	n.Disk(id).OnCrash(disk.KeepNothing)
	for range 3 {
		w.RunFor(time.Second)
		old := k.last
		w.Host(id).Crash()
		require.ErrorIs(t, old.Disk().Append("boots", nil), disk.ErrClosed)
		w.Host(id).Restart()
	}
	require.Equal(t, "xxx", string(k.boots))
	require.Equal(t, 3, k.ended)
	w.RunFor(500 * time.Microsecond)
	w.Host(id).Crash() // before the sync ends
	w.RunFor(time.Second)
	require.Equal(t, 3, k.ended)
	require.Empty(t, w.Findings())

	n.Disk(id).Wipe()
	w.Host(id).Restart()
	require.Empty(t, k.boots)
}

func TestAnEndpointThatAsksForItsDiskTooLateGetsNone(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	n := New(w, Config{})
	var ep *Endpoint
	id := n.Add("a", func(e *Endpoint) Handler { ep = e; return nil })
	w.Run(sim.Limit{})
	w.Host(id).Crash()
	require.ErrorIs(t, ep.Disk().Create("x"), disk.ErrClosed)
	require.Empty(t, n.Disk(id).List())
	require.PanicsWithValue(t, "network: a disk of what is not a node", func() { n.Disk(7) })
	require.PanicsWithValue(t, "disk: model(9), expected strict or ext4", func() {
		New(w, Config{Disk: disk.Config{Model: 9}})
	})
}
