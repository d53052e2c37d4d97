package nodes_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
)

// ledger is a state that is all that was ever appended, each a word.
type ledger struct {
	wal       *nodes.WAL
	words     []string
	confirmed int // of words
	opened    int
}

func (l *ledger) Reset()                      { l.words = nil }
func (l *ledger) Receive(_ network.ID, _ any) {}
func (l *ledger) Replay(record []byte) error  { l.words = append(l.words, string(record)); return nil }
func (l *ledger) Snapshot() (records [][]byte) {
	for _, word := range l.words {
		records = append(records, []byte(word))
	}
	return records
}

// add appends words of 40 bytes, as one batch if there is a sync under way.
func (l *ledger) add(words ...string) {
	for _, word := range words {
		word = strings.Repeat(word, 40)[:40]
		l.words = append(l.words, word)
		upto := len(l.words)
		l.wal.Append([]byte(word), func() { l.confirmed = max(l.confirmed, upto) })
	}
}

// desk is a world with one node that keeps a ledger, and all its notes.
type desk struct {
	world  *sim.World
	disk   *disk.Disk
	ledger *ledger
	notes  []string
}

func open(t testing.TB, disks disk.Config, cfg nodes.WALConfig, im disk.Image) *desk {
	d := &desk{world: sim.New(sim.Config{Seed: 1})}
	t.Cleanup(d.world.Close)
	n := network.New(d.world, network.Config{Disk: disks})
	id := n.Add("node", func(ep *network.Endpoint) network.Handler {
		l := &ledger{}
		d.ledger = l
		l.wal = nodes.NewWAL(ep, cfg, l, func() { l.opened++ })
		return l
	})
	d.disk = n.Disk(id)
	d.disk.Load(im)
	d.world.Observe(func(e *sim.Event) {
		if e.Kind == sim.Note {
			d.notes = append(d.notes, fmt.Sprint(e.At, " ", e.Name))
		}
	})
	return d
}

// at has the ledger do something at a time.
func (d *desk) at(millis int, do func(*ledger)) {
	d.world.At(sim.Time(millis)*sim.Time(ms), func() { do(d.ledger) })
}

// recovered returns what a WAL makes of an image: the words, and why it refuses.
func recovered(t testing.TB, flaw nodes.WALFlaw, im disk.Image) ([]string, string) {
	d := open(t, disk.Config{}, nodes.WALConfig{Flaw: flaw}, im)
	defer d.world.Close()
	d.world.RunFor(100 * ms)
	require.Empty(t, d.world.Findings())
	if d.ledger.wal.Ready() {
		return d.ledger.words, ""
	}
	require.NotEmpty(t, d.notes, "it is silent only with a reason")
	return nil, d.notes[len(d.notes)-1]
}

// written has a ledger write six words, of which a snapshot holds four.
func written(t testing.TB) *desk {
	d := open(t, disk.Config{}, nodes.WALConfig{LogLimit: 200}, disk.Image{})
	for i, word := range []string{"a", "b", "c", "d", "e", "f"} {
		d.at(1+i, func(l *ledger) { l.add(word) })
	}
	d.world.RunFor(20 * ms)
	require.Equal(t, 6, d.ledger.confirmed)
	return d
}

func TestNoFlippedBitGoesUnnoticed(t *testing.T) {
	d := written(t)
	im := d.disk.Image()
	want, refused, harmless := d.ledger.words, 0, 0
	for _, f := range im.Files {
		for i := range f.Data {
			f.Data[i] ^= 1 << (i % 8)
			got, why := recovered(t, nodes.FlawNone, im)
			f.Data[i] ^= 1 << (i % 8)
			if why != "" {
				require.Contains(t, why, nodes.WALStops+nodes.ErrCorrupt.Error())
				refused++
				continue
			}
			require.Equal(t, want, got, "byte %d of %s", i, f.Name)
			harmless++
		}
	}
	require.Equal(t, 320, refused)
	require.Equal(t, 1024, harmless, "one mark of two, and what is between them")
}

func TestNoMissingEndGoesUnnoticed(t *testing.T) {
	d := written(t)
	im := d.disk.Image()
	want, refused := d.ledger.words, 0
	for i := range im.Files {
		whole := im.Files[i].Data
		for n := range whole {
			im.Files[i].Data = whole[:n]
			got, why := recovered(t, nodes.FlawNone, im)
			if why == "" {
				require.Equal(t, want, got, "%s with %d bytes", im.Files[i].Name, n)
				continue
			}
			refused++
		}
		im.Files[i].Data = whole
		without := disk.Image{Files: slices.Delete(slices.Clone(im.Files), i, i+1)}
		_, why := recovered(t, nodes.FlawNone, without)
		require.NotEmpty(t, why, "without %s", im.Files[i].Name)
	}
	require.Equal(t, 1344, refused, "all of them")
}

// crashStates visits every state that a crash may leave at every moment of a run that
// writes batches and snapshots. It returns how many there are, and in how many of them
// recovery does not give all that was confirmed and nothing that was not appended.
func crashStates(t *testing.T, model disk.Model, flaw nodes.WALFlaw) (states, wrong int) {
	disks := disk.Config{Model: model, Sync: disk.Latency{Min: ms, Max: ms}}
	d := open(t, disks, nodes.WALConfig{LogLimit: 1200, Flaw: flaw}, disk.Image{})
	d.at(10, func(l *ledger) { l.add("a") })
	d.at(11, func(l *ledger) { l.add(strings.Split("bcdefghijkl", "")...) }) // over the end of a sector
	d.at(30, func(l *ledger) { l.add(strings.Split("mnopqrs", "")...) })
	d.at(50, func(l *ledger) { l.add("t") })
	d.at(51, func(l *ledger) { l.add("u", "v") }) // into a snapshot
	d.at(70, func(l *ledger) { l.add("w") })
	seen := map[string]bool{}
	d.world.AfterStep(func() {
		words, confirmed := slices.Clone(d.ledger.words), d.ledger.confirmed
		for im := range d.disk.CrashStates() {
			text, err := im.MarshalText()
			require.NoError(t, err)
			key := fmt.Sprint(confirmed, len(words), string(text))
			if seen[key] {
				continue
			}
			seen[key] = true
			got, why := recovered(t, flaw, im)
			if why != "" || len(got) < confirmed || len(got) > len(words) || !slices.Equal(words[:len(got)], got) {
				wrong++
			}
		}
	})
	d.world.RunFor(100 * ms)
	require.Equal(t, 23, d.ledger.confirmed)
	return len(seen), wrong
}

func TestEveryCrashStateIsRecovered(t *testing.T) {
	type count struct{ states, wrong int }
	for flaw, want := range map[nodes.WALFlaw][2]count{
		nodes.FlawNone:             {{231, 0}, {56, 0}},
		nodes.FlawAckBeforeSync:    {{223, 154}, {49, 27}},
		nodes.FlawRenameBeforeSync: {{854, 623}, {93, 37}},
		nodes.FlawNoChecksum:       {{231, 2}, {56, 0}},
		nodes.FlawReplayPastTorn:   {{231, 2}, {56, 0}},
	} {
		var got [2]count
		for _, model := range []disk.Model{disk.Strict, disk.Ext4} {
			got[model].states, got[model].wrong = crashStates(t, model, flaw)
		}
		require.Equal(t, want, got, "flaw %d", flaw)
	}
}

func TestAWALThatFailedReadsTheDiskAgain(t *testing.T) {
	d := open(t, disk.Config{}, nodes.WALConfig{}, disk.Image{})
	d.at(10, func(l *ledger) { l.add("a") })
	d.at(20, func(l *ledger) {
		fault := d.disk.Inject(disk.Fault{Kind: disk.SyncError, File: "log.1"})
		l.add("b")
		d.at(30, func(*ledger) { fault.End() })
	})
	d.at(40, func(l *ledger) {
		require.False(t, l.wal.Ready())
		require.True(t, l.wal.Failed())
		l.wal.Append([]byte("ignored"), func() { t.Error("never durable") })
		l.wal.Barrier(func() { t.Error("never durable") })
	})
	d.world.RunFor(time.Second)
	require.Equal(t, []string{"20ms wal: stops: sync log.1: input/output error", "270ms wal: goes on"}, d.notes)
	require.Equal(t, 2, d.ledger.opened)
	require.False(t, d.ledger.wal.Failed())
	require.Equal(t, 1, len(d.ledger.words), "a failed sync took the other")
}

func TestADiskThatMustNotBeBlankIsRefusedIfItIs(t *testing.T) {
	d := open(t, disk.Config{}, nodes.WALConfig{MustExist: true}, disk.Image{})
	d.world.RunFor(time.Second)
	require.Equal(t, []string{"0s wal: stops: disk corrupt: there is no snapshot"}, d.notes)
	require.Zero(t, d.ledger.opened)

	d = open(t, disk.Config{}, nodes.WALConfig{}, disk.Image{})
	d.at(10, func(*ledger) { d.disk.Wipe() })
	d.at(20, func(l *ledger) { l.add(strings.Split("abcdefghij", "")...) })
	d.world.RunFor(time.Second)
	require.Equal(t, []string{
		"20ms wal: stops: disk corrupt: log.1 has changed", "270ms wal: stops: disk corrupt: there is no snapshot",
	}, d.notes)
}

// A snapshot that covers a batch has confirmed it: without the snapshot it is missing,
// though the log behind it is empty.
func TestALostRenameIsNoticed(t *testing.T) {
	d := open(t, disk.Config{}, nodes.WALConfig{LogLimit: 1}, disk.Image{})
	d.at(10, func(l *ledger) { l.add("a") })
	d.at(20, func(l *ledger) {
		fault := d.disk.Inject(disk.Fault{Kind: disk.LostRename})
		l.add("b")
		d.at(25, func(*ledger) { fault.End() })
		d.at(50, func(*ledger) { fault.Heal() })
	})
	d.at(30, func(l *ledger) {
		require.Equal(t, 2, l.confirmed)
		d.disk.OnCrash(disk.KeepNothing)
		host := d.disk.Host()
		host.Crash()
		host.Restart()
	})
	d.world.RunFor(time.Second)
	require.Equal(t, []string{
		"30ms wal: stops: disk corrupt: log.3 is in use, and the snapshot is of generation 2", "280ms wal: goes on",
	}, d.notes)
	require.Len(t, d.ledger.words, 2)
}

// What is appended while a sync is under way is one batch, and a barrier waits for
// what was appended before it.
func TestABatchSharesItsSyncs(t *testing.T) {
	d := open(t, disk.Config{Sync: disk.Latency{Min: ms, Max: ms}}, nodes.WALConfig{}, disk.Image{})
	var log []string
	say := func(what string) func() {
		return func() { log = append(log, fmt.Sprint(d.world.Now(), " ", what)) }
	}
	d.at(10, func(l *ledger) {
		l.wal.Barrier(say("nothing to wait for"))
		l.wal.Append([]byte("a"), say("a"))
		l.wal.Append([]byte("b"), say("b"))
		l.wal.Barrier(say("a and b"))
		l.wal.Append([]byte("c"), say("c"))
	})
	d.at(13, func(l *ledger) { l.wal.Barrier(say("all")) })
	d.world.RunFor(time.Second)
	require.Equal(t, []string{
		"10ms nothing to wait for", "12ms a", "14ms b", "14ms a and b", "14ms c", "14ms all",
	}, log)
}

func FuzzWALRecovers(f *testing.F) {
	d := written(f)
	im := d.disk.Image()
	for _, file := range im.Files {
		f.Add(file.Name, file.Data)
		f.Add(file.Name, file.Data[:len(file.Data)/2])
	}
	f.Add("log.99999999999999999999", []byte{})
	f.Add("snapshot", make([]byte, 24))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if name == "" {
			return
		}
		im := disk.Image{Files: slices.Clone(im.Files)}
		i, found := slices.BinarySearchFunc(im.Files, name, func(f disk.File, name string) int {
			return strings.Compare(f.Name, name)
		})
		if !found {
			im.Files = slices.Insert(im.Files, i, disk.File{})
		}
		im.Files[i] = disk.File{Name: name, Data: data}
		for _, flaw := range []nodes.WALFlaw{nodes.FlawNone, nodes.FlawNoChecksum, nodes.FlawReplayPastTorn} {
			recovered(t, flaw, im)
		}
	})
}

// A formatted disk is one on which nothing has happened; a blank one may have been wiped.
func TestAFormattedDiskIsNotABlankOne(t *testing.T) {
	d := open(t, disk.Config{}, nodes.WALConfig{MustExist: true}, nodes.FormatWAL())
	d.world.RunFor(100 * ms)
	require.True(t, d.ledger.wal.Ready())
	require.Empty(t, d.ledger.words)
	require.Empty(t, d.notes)

	d = open(t, disk.Config{}, nodes.WALConfig{MustExist: true}, disk.Image{})
	d.world.RunFor(100 * ms)
	require.False(t, d.ledger.wal.Ready())
	require.Contains(t, d.notes[0], "there is no snapshot")
}
