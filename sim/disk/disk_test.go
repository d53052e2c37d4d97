package disk

import (
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// A box is a host with a disk in a world of its own.
type box struct {
	t *testing.T
	w *sim.World
	h *sim.Host
	*Disk
}

func newBox(t *testing.T, cfg Config) *box {
	t.Helper()
	return seeded(t, cfg, 0)
}

func seeded(t *testing.T, cfg Config, seed uint64) *box {
	t.Helper()
	w := sim.New(sim.Config{Seed: seed})
	t.Cleanup(w.Close)
	h := w.AddHost("a", nil)
	b := &box{t, w, h, NewArray(w, cfg).Disk(h)}
	w.Run(sim.Limit{})
	return b
}

// sync syncs files, "/" being the directory, and requires that it works.
func (b *box) sync(names ...string) {
	b.t.Helper()
	for _, name := range names {
		require.NoError(b.t, b.trySync(name))
	}
}

func (b *box) trySync(name string) error {
	b.t.Helper()
	result := io.ErrNoProgress
	done := func(err error) { result = err }
	if name == "/" {
		b.SyncDir(done)
	} else {
		b.Sync(name, done)
	}
	b.w.Run(sim.Limit{})
	require.NotEqual(b.t, io.ErrNoProgress, result, "the sync of %s did not end", name)
	return result
}

func (b *box) append(name, text string) {
	b.t.Helper()
	require.NoError(b.t, b.Append(name, []byte(text)))
}

func (b *box) write(name, text string, off int64) {
	b.t.Helper()
	require.NoError(b.t, b.WriteAt(name, []byte(text), off))
}

// reboot crashes the host and starts it again.
func (b *box) reboot() {
	b.h.Crash()
	b.h.Restart()
}

// shown returns what the disk holds: "name=content", zeros as dots.
func (b *box) shown() []string { return show(b.Image()) }

func show(im Image) []string {
	all := []string{}
	for _, f := range im.Files {
		all = append(all, f.Name+"="+strings.ReplaceAll(string(f.Data), "\x00", "."))
	}
	return all
}

// states returns all crash states, sorted.
func (b *box) states() []string {
	all := []string{}
	for im := range b.CrashStates() {
		all = append(all, strings.Join(show(im), " "))
	}
	slices.Sort(all)
	return all
}

func TestWhatIsWrittenIsThereAtOnce(t *testing.T) {
	b := newBox(t, Config{Sector: 4})
	b.append("log", "abc")
	b.append("log", "defgh")
	b.write("log", "XY", 3)
	b.write("far", "z", 6)
	require.NoError(t, b.Create("empty"))
	require.NoError(t, b.Create("log"))
	require.Equal(t, []string{"empty=", "far=......z", "log=abcXYfgh"}, b.shown())

	require.NoError(t, b.Truncate("log", 4))
	require.NoError(t, b.Truncate("far", 9))
	require.NoError(t, b.Rename("log", "old"))
	require.NoError(t, b.Rename("old", "old"))
	require.NoError(t, b.Remove("empty"))
	require.Equal(t, []string{"far=......z..", "old=abcX"}, b.shown())
	require.Equal(t, []string{"far", "old"}, b.List())

	size, err := b.Size("far")
	require.NoError(t, err)
	require.Equal(t, int64(9), size)
	p := make([]byte, 3)
	n, err := b.ReadAt("old", p, 1)
	require.NoError(t, err)
	require.Equal(t, "bcX", string(p[:n]))
	n, err = b.ReadAt("old", p, 2)
	require.Equal(t, io.EOF, err)
	require.Equal(t, "cX", string(p[:n]))
	n, err = b.ReadAt("old", p, 9)
	require.Equal(t, io.EOF, err)
	require.Zero(t, n)
	data, err := b.ReadFile("old")
	require.NoError(t, err)
	require.Equal(t, "abcX", string(data))

	require.NoError(t, b.RemoveAll())
	require.Empty(t, b.List())
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	b := newBox(t, Config{})
	_, read := b.ReadFile("x")
	_, readAt := b.ReadAt("x", nil, 0)
	_, size := b.Size("x")
	for _, err := range []error{read, readAt, size, b.Truncate("x", 1), b.Rename("x", "y"), b.Remove("x"),
		b.trySync("x")} {
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.Contains(t, err.Error(), " x: ")
	}
}

func TestASyncEndsLaterAndNotInTheCall(t *testing.T) {
	b := newBox(t, Config{Sync: Latency{Min: time.Millisecond, Max: 3 * time.Millisecond},
		Write: Latency{Min: time.Microsecond}})
	b.append("log", strings.Repeat("x", 1025))
	var ended sim.Time
	b.Sync("log", func(err error) {
		require.NoError(t, err)
		ended = b.w.Now()
	})
	require.Zero(t, ended)
	b.w.Run(sim.Limit{})
	require.GreaterOrEqual(t, ended, sim.Time(time.Millisecond+3*time.Microsecond))
	require.LessOrEqual(t, ended, sim.Time(3*time.Millisecond+3*time.Microsecond))
	b.Sync("log", nil)
	b.w.Run(sim.Limit{})
}

func TestACrashEndsSyncsAndHandles(t *testing.T) {
	b := newBox(t, Config{Sync: Latency{Min: time.Millisecond}})
	boot := b.a.Mount(b.h, b.h.Epoch())
	require.NoError(t, boot.Append("log", []byte("a")))
	boot.Sync("log", func(error) { t.Error("told of a sync after the crash") })
	b.OnCrash(KeepNothing)
	b.reboot()
	b.w.Run(sim.Limit{})
	require.Empty(t, b.List())

	b.append("log", "kept")
	require.ErrorIs(t, boot.Append("log", nil), ErrClosed)
	require.ErrorIs(t, boot.WriteAt("log", nil, 0), ErrClosed)
	require.ErrorIs(t, boot.Create("log"), ErrClosed)
	require.ErrorIs(t, boot.Truncate("log", 0), ErrClosed)
	require.ErrorIs(t, boot.Remove("log"), ErrClosed)
	require.ErrorIs(t, boot.Rename("log", "x"), ErrClosed)
	_, err := boot.ReadFile("log")
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, boot.RemoveAll())
	require.Empty(t, boot.List())
	boot.Wipe()
	boot.Load(Image{})
	boot.Sync("log", func(error) { t.Error("told of a sync of a boot that has ended") })
	boot.SyncDir(func(error) { t.Error("told of a sync of a boot that has ended") })
	b.w.Run(sim.Limit{})
	require.Equal(t, []string{"log=kept"}, b.shown())
}

func TestAProcessThatIsUnwoundWritesNothing(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	var a *Array
	h := w.AddHost("a", func(h *sim.Host) {
		d := a.Mount(h, h.Epoch())
		h.Go("writer", func(p *sim.Proc) {
			defer func() {
				require.ErrorIs(t, d.Append("log", []byte("ghost")), ErrClosed)
				require.ErrorIs(t, d.SyncWait(p, "log"), ErrClosed)
			}()
			require.NoError(t, d.Append("log", []byte("a")))
			require.NoError(t, d.SyncWait(p, "log"))
			require.NoError(t, d.SyncDirWait(p))
			p.Sleep(time.Hour)
		})
	})
	a = NewArray(w, Config{})
	w.At(sim.Time(time.Second), h.Crash)
	w.RunFor(time.Minute)
	require.Empty(t, w.Findings())
	require.Equal(t, []string{"log=a"}, show(a.Disk(h).Image()))
}

func TestACapacityIsKept(t *testing.T) {
	b := newBox(t, Config{Sector: 4, Capacity: 12})
	b.append("a", "12345")
	b.append("b", "1")
	b.append("a", "678")
	require.ErrorIs(t, b.Append("a", []byte("9")), ErrFull)
	require.ErrorIs(t, b.WriteAt("c", []byte("9"), 0), ErrFull)
	require.ErrorIs(t, b.Truncate("b", 5), ErrFull)
	require.NoError(t, b.Create("c"))
	require.NoError(t, b.Truncate("a", 4))
	b.append("c", "1234")
	require.Equal(t, []string{"a=1234", "b=1", "c=1234"}, b.shown())
}

func TestWipedIsEmptyForGood(t *testing.T) {
	b := newBox(t, Config{})
	b.append("a", "1")
	b.sync("a", "/")
	b.append("a", "2")
	b.h.Crash()
	b.Wipe()
	b.h.Restart()
	require.Empty(t, b.List())
	require.Equal(t, []string{""}, b.states())
}

func TestTheEventsTellOfTheDisk(t *testing.T) {
	b := newBox(t, Config{Sector: 4})
	var got []string
	b.w.Observe(func(e *sim.Event) {
		line, _, _ := strings.Cut(string(e.AppendText(nil, b.w.HostName)), "  (after")
		got = append(got, strings.Join(strings.Fields(line)[2:], " "))
	})
	b.append("log", "abcdef")
	b.sync("log")
	b.write("log", "X", 5)
	require.NoError(t, b.Truncate("log", 8))
	require.NoError(t, b.Rename("log", "l"))
	b.OnCrash(KeepNothing)
	b.reboot()
	require.Equal(t, []string{
		"a disk append log 6 B at 0", "a disk sync log", "a disk write log 1 B at 5", "a disk truncate log to 8 B",
		"a disk rename log to l", "a crash", "a disk loses: create log", "a disk loses: rename log to l",
		"a restart a",
	}, got[:9])
	require.Equal(t, []sim.FaultCount{{Name: "crash a", Fired: 1, Effect: 2}, {Name: "restart a", Fired: 1, Effect: 1}},
		b.w.Faults())
}

func TestMistakesInConfigurationsAreNamed(t *testing.T) {
	for want, c := range map[string]Config{
		"disk: model(7), expected strict or ext4":                                   {Model: 7},
		"disk: sector of -1 bytes, expected 0 (that is 512) to 1048576":             {Sector: -1},
		"disk: capacity of -1 bytes, expected 0 (no limit) or more":                 {Capacity: -1},
		"disk: sync takes -1ns to 0s, expected 0 to 1h0m0s":                         {Sync: Latency{Min: -1}},
		"disk: a write takes 0s to 2h0m0s, expected 0 to 1h0m0s":                    {Write: Latency{Max: 2 * time.Hour}},
		"disk: a fault budget keeps -1 good copies, expected 0 (no budget) or more": {Budget: Budget{Good: -1}},
		"disk: scope(9) of a fault budget, expected disk, file or sector":           {Budget: Budget{Scope: 9}},
		`disk: a fault budget keeps 2 good copies, but the group ["a"] has 1`:       {Budget: Budget{Good: 2, Groups: [][]string{{"a"}}}},
		`disk: a group of a fault budget names "a" twice, expected each host once`:  {Budget: Budget{Groups: [][]string{{"a", "b", "a"}}}},
	} {
		require.EqualError(t, c.Check(), want)
		require.PanicsWithValue(t, want, func() { NewArray(nil, c) })
	}
	require.NoError(t, Config{}.Check())
}

// An unsynced megabyte in sectors of one byte, an hour each, is longer than a duration
// can tell.
func TestASyncEndsHoweverLongItTakes(t *testing.T) {
	b := newBox(t, Config{Sector: 1, Write: Latency{Min: time.Hour, Max: time.Hour}})
	b.append("f", strings.Repeat("a", 3<<20))
	b.sync("f")
	require.Equal(t, sim.Time(maxSync), b.w.Now())
}
