package nodes_test

import (
	"fmt"
	"testing"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
)

// entry is a record.
type entry struct {
	Number uint64
	Twice  uint64
}

// scribe appends records as fast as it is allowed, three at a time, and remembers
// over crashes, as nodes cannot, what it has had confirmed.
type scribe struct {
	journal   *nodes.Journal[entry]
	found     [][]entry // at each boot
	confirmed uint64
}

func (s *scribe) boot(ep *network.Endpoint) network.Handler {
	next := uint64(0)
	var more func()
	s.journal = nodes.OpenJournal(ep, "log", func(records []entry) {
		s.found = append(s.found, records)
		next = uint64(len(records))
		for range 3 {
			more()
		}
	})
	more = func() {
		next++
		number := next
		s.journal.Append(entry{number, 2 * number}, func() {
			s.confirmed = max(s.confirmed, number)
			more()
		})
	}
	return nil
}

// write runs a scribe that crashes at times that the seed draws.
func write(t *testing.T, seed uint64, config disk.Config) *scribe {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	n := network.New(w, network.Config{Disk: config})
	s := &scribe{}
	h := w.Host(n.Add("scribe", s.boot))
	for i := range uint64(5) {
		w.At(w.Now().Add(50*ms+sim.Duration(w.Key("crash").Num(i).Below(int(50*ms)))), func() {
			h.Crash()
			h.Restart()
		})
		before, boots := s.confirmed, len(s.found)
		w.RunFor(100 * ms)
		for _, records := range s.found[boots:] {
			require.GreaterOrEqual(t, uint64(len(records)), before, "seed %d", seed)
		}
	}
	w.RunFor(100 * ms)
	require.Empty(t, w.Findings())
	for _, records := range s.found {
		for i, r := range records {
			require.Equal(t, entry{uint64(i) + 1, 2 * (uint64(i) + 1)}, r, "seed %d", seed)
		}
	}
	return s
}

func TestWhatAJournalConfirmedIsThereAfterEveryCrash(t *testing.T) {
	for _, model := range []disk.Model{disk.Strict, disk.Ext4} {
		t.Run(model.String(), func(t *testing.T) {
			more := 0
			for seed := range uint64(100) {
				s := write(t, seed, disk.Config{Model: model, Sync: disk.Latency{Min: ms, Max: 9 * ms}})
				require.Len(t, s.found, 6)
				require.Greater(t, s.confirmed, uint64(100))
				if last := s.found[5]; uint64(len(last))%3 != 0 {
					more++ // the crash has left a part of what was appended together
				}
			}
			require.Positive(t, more)
		})
	}
}

func TestSyncsOfAJournalAreShared(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	n := network.New(w, network.Config{Disk: disk.Config{Sync: disk.Latency{Min: 10 * ms}}})
	var told []string
	n.Add("node", func(ep *network.Endpoint) network.Handler {
		var j *nodes.Journal[uint64]
		add := func(i uint64) {
			j.Append(i, func() { told = append(told, fmt.Sprint(ep.Monotonic(), " ", i)) })
		}
		j = nodes.OpenJournal(ep, "log", func(records []uint64) {
			told = append(told, fmt.Sprint(ep.Monotonic(), " ready with ", len(records)))
			add(1)
			add(2)
			add(3)
		})
		require.False(t, j.Ready())
		add(99) // it is not ready: nothing happens
		return nil
	})
	w.Run(sim.Limit{})
	require.Equal(t, []string{"20ms ready with 0", "30ms 1", "40ms 2", "40ms 3"}, told)
}

func TestAJournalEndsAtWhatDoesNotCheck(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	n := network.New(w, network.Config{})
	var found [][]uint64
	id := n.Add("node", func(ep *network.Endpoint) network.Handler {
		var j *nodes.Journal[uint64]
		j = nodes.OpenJournal(ep, "log", func(records []uint64) {
			found = append(found, records)
			for i := range uint64(4 - len(records)) {
				j.Append(10*uint64(ep.Boots())+i, func() {})
			}
		})
		return nil
	})
	reboot := func() {
		w.Host(id).Crash()
		w.Host(id).Restart()
		w.Run(sim.Limit{})
	}
	w.Run(sim.Limit{})
	require.NoError(t, n.Disk(id).WriteAt("log", []byte{77}, 3*16)) // the third: the header is one too
	n.Disk(id).Sync("log", func(error) {})
	w.Run(sim.Limit{})
	reboot()
	reboot()
	require.Equal(t, [][]uint64{nil, {0, 1}, {0, 1, 10, 11}}, found)
}

func TestAJournalOfWhatHasNoFixedLengthIsAMistake(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	n := network.New(w, network.Config{})
	n.Add("node", func(ep *network.Endpoint) network.Handler {
		nodes.OpenJournal(ep, "log", func([]string) {})
		return nil
	})
	require.Equal(t, sim.Panicked, w.Run(sim.Limit{}))
	require.Equal(t, "nodes: records of type string take -1 bytes, expected a fixed length of 1 to 504",
		w.Findings()[0].Message)
}

func TestAJournalWhoseDiskFailsSaysSoAndStopsUntilTheNextBoot(t *testing.T) {
	for kind, want := range map[disk.FaultKind]string{
		disk.SyncError:  "journal: stops: log: sync log: input/output error",
		disk.WriteError: "journal: stops: log: write log: input/output error",
		disk.Full:       "journal: stops: log: write log: no space left on device",
	} {
		w := sim.New(sim.Config{})
		defer w.Close()
		n := network.New(w, network.Config{Disk: disk.Config{Sync: disk.Latency{Min: ms}}})
		s := &scribe{}
		h := w.Host(n.Add("scribe", s.boot))
		var notes []string
		w.Observe(func(e *sim.Event) {
			if e.Kind == sim.Note {
				notes = append(notes, e.Name)
			}
		})
		w.RunFor(20 * ms)
		require.True(t, s.journal.Ready())
		fault := n.Disk(h.ID()).Inject(disk.Fault{Kind: kind})
		w.RunFor(20 * ms)
		require.Equal(t, []string{want}, notes)
		require.False(t, s.journal.Ready())
		before := s.confirmed
		s.journal.Append(entry{}, func() { t.Error("a journal that has stopped confirms a record") })
		fault.End()
		require.Equal(t, sim.Quiescent, w.RunFor(20*ms), "nothing goes on")
		h.Crash()
		h.Restart()
		w.RunFor(20 * ms)
		require.True(t, s.journal.Ready())
		require.GreaterOrEqual(t, uint64(len(s.found[1])), before)
		require.Greater(t, s.confirmed, before)
	}
}

// A failure ends it at once, whatever was on its way.
func TestAJournalThatHasFailedConfirmsNothingMore(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	n := network.New(w, network.Config{Disk: disk.Config{Sync: disk.Latency{Min: 10 * ms}}})
	var j *nodes.Journal[uint64]
	id := n.Add("node", func(ep *network.Endpoint) network.Handler {
		j = nodes.OpenJournal(ep, "log", func([]uint64) {})
		return nil
	})
	w.RunFor(100 * ms)
	j.Append(1, func() { t.Error("a journal that has failed confirms a record") })
	n.Disk(id).Inject(disk.Fault{Kind: disk.WriteError})
	j.Append(2, func() { t.Error("a record that was not written is confirmed") })
	require.False(t, j.Ready())
	w.RunFor(100 * ms)
}

func FuzzAJournalOpensWhateverTheDiskHolds(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 100))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x1e\xfa\x8f\x18\x4b\x05\x45\x7cabcdefgh"))
	f.Fuzz(func(t *testing.T, image []byte) {
		w := sim.New(sim.Config{})
		defer w.Close()
		n := network.New(w, network.Config{})
		var found [][]uint64
		id := n.Add("node", func(ep *network.Endpoint) network.Handler {
			var j *nodes.Journal[uint64]
			j = nodes.OpenJournal(ep, "log", func(records []uint64) {
				found = append(found, records)
				j.Append(7, func() {})
			})
			return nil
		})
		require.NoError(t, n.Disk(id).WriteAt("log", image, 0))
		w.Run(sim.Limit{})
		w.Host(id).Crash()
		w.Host(id).Restart()
		w.Run(sim.Limit{})
		require.Empty(t, w.Findings())
		require.Len(t, found, 2)
		require.Equal(t, append(found[0], 7), found[1])
	})
}
