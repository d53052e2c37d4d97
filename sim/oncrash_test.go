package sim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Hardware loses its state after the Crash event and before processes are unwound, in
// the order in which it was added, once for each crash.
func TestHardwareIsToldOfACrashBeforeProcessesAreUnwound(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	var order []string
	h := w.AddHost("a", func(h *Host) {
		h.Go("main", func(p *Proc) {
			defer func() { order = append(order, "unwound") }()
			p.Sleep(10 * second)
		})
	})
	for _, name := range []string{"disk", "battery"} {
		h.OnCrash(func() {
			require.False(t, h.Up())
			order = append(order, name)
			w.Emit(Event{Kind: Disk, Host: h.ID(), Peer: NoHost, Name: name})
		})
	}
	w.At(Time(second), h.Crash)
	w.At(Time(second), h.Crash)
	w.At(Time(2*second), h.Restart)
	w.At(Time(3*second), h.Crash)
	w.Run(Limit{})
	once := []string{"disk", "battery", "unwound"}
	require.Equal(t, append(once, once...), order)
	require.Subset(t, *got, []string{"1s a crash", "1s a disk disk", "1s a disk battery"})
}

func TestAWriteToADiskReadsAsALine(t *testing.T) {
	e := Event{Seq: 7, At: Time(second), Kind: Disk, Host: 0, Peer: NoHost, ID: 5, Arg: 48, N: 24, Name: "append wal"}
	name := func(HostID) string { return "a" }
	require.Equal(t, "     7           1s a        disk     append wal 24 B at 48", string(e.AppendText(nil, name)))
	e.N, e.Name = 0, "sync wal"
	require.Equal(t, "     7           1s a        disk     sync wal", string(e.AppendText(nil, name)))
}
