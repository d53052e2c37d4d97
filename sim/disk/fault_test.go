package disk

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// full returns a disk with sectors of four bytes that durably holds "f", eight sectors.
func full(t *testing.T, m Model) *box { return based(t, m, "f=aaaabbbbccccddddeeeeffffgggghhhh") }

func (b *box) read(name string) string {
	b.t.Helper()
	data, err := b.ReadFile(name)
	require.NoError(b.t, err)
	return strings.ReplaceAll(string(data), "\x00", ".")
}

// differing returns the sectors of four bytes in which two texts differ.
func differing(a, b string) []int {
	var all []int
	for s := 0; s*4 < len(a); s++ {
		if a[s*4:min(s*4+4, len(a))] != b[s*4:min(s*4+4, len(b))] {
			all = append(all, s)
		}
	}
	return all
}

func counts(i *Injected) [3]uint64 { return [3]uint64{i.Fired, i.Effect, i.Refused} }

func TestRotFlipsABitUntilItIsOverwritten(t *testing.T) {
	b := full(t, Strict)
	want := b.read("f")
	rot := b.Inject(Fault{Kind: Rot, Prob: sim.ProbOf(0.5)})
	got := b.read("f")
	struck := differing(want, got)
	require.NotEmpty(t, struck)
	require.Less(t, len(struck), 8)
	require.Equal(t, [3]uint64{uint64(len(struck)), uint64(len(struck)), 0}, counts(rot))
	for _, s := range struck {
		require.Equal(t, 1, bits(want[s*4:s*4+4], got[s*4:s*4+4]))
	}
	require.Equal(t, got, b.read("f"), "it stays as it is")
	rot.End()
	b.reboot()
	require.Equal(t, got, b.read("f"), "it is on the medium")
	require.Equal(t, uint64(3*len(struck)), rot.Effect)

	at := int64(struck[0] * 4)
	b.write("f", "X", at) // in part: the rest is still as the medium gave it
	require.Equal(t, "X"+got[at+1:at+4], b.read("f")[at:at+4])
	b.sync("f")
	require.Equal(t, "X"+got[at+1:at+4], b.read("f")[at:at+4])
	b.write("f", "WXYZ", at)
	b.sync("f")
	require.Equal(t, "WXYZ", b.read("f")[at:at+4])
	rot.Heal()
	require.Equal(t, want[:at]+"WXYZ"+want[at+4:], b.read("f"))
}

func bits(a, b string) int {
	n := 0
	for i := range len(a) {
		for x := a[i] ^ b[i]; x != 0; x &= x - 1 {
			n++
		}
	}
	return n
}

func TestALostWriteIsAcknowledged(t *testing.T) {
	for _, m := range models {
		b := full(t, m)
		lost := b.Inject(Fault{Kind: LostWrite, Prob: sim.ProbOf(0.5)})
		want := strings.ToUpper(b.read("f"))
		b.write("f", want, 0)
		require.Equal(t, want, b.read("f"), "until it is synced it is in memory")
		b.sync("f")
		got := b.read("f")
		struck := differing(want, got)
		require.NotEmpty(t, struck)
		require.Less(t, len(struck), 8)
		for _, s := range struck {
			require.Equal(t, strings.ToLower(want)[s*4:s*4+4], got[s*4:s*4+4])
		}
		n := uint64(len(struck))
		require.Equal(t, [3]uint64{n, n, 0}, counts(lost))
		b.reboot()
		require.Equal(t, got, b.read("f"))
		b.HealMedium()
		require.Equal(t, want, b.read("f"))
	}
}

func TestAMisdirectedWriteLandsElsewhere(t *testing.T) {
	b := full(t, Strict)
	astray := b.Inject(Fault{Kind: Misdirected})
	b.write("f", "XXXX", 8)
	b.sync("f")
	got := b.read("f")
	require.Equal(t, "cccc", got[8:12])
	require.Equal(t, 1, strings.Count(got, "XXXX"))
	require.Equal(t, [3]uint64{2, 2, 0}, counts(astray))
	astray.Heal()
	require.Equal(t, "aaaabbbbXXXXddddeeeeffffgggghhhh", b.read("f"))
}

func TestATornSectorIsHalfOldHalfNew(t *testing.T) {
	shapes := map[string]bool{}
	for seed := range uint64(50) {
		for _, m := range models {
			b := seeded(t, Config{Model: m, Sector: 4}, seed)
			b.append("f", "aaaabbbb")
			b.sync("f", "/")
			torn := b.Inject(Fault{Kind: Torn})
			b.write("f", "XXXX", 4)
			b.OnCrash(KeepAll)
			b.reboot()
			got := b.read("f")
			require.Equal(t, "aaaa", got[:4])
			shapes[got[4:]] = true
			require.Equal(t, [3]uint64{1, 1, 0}, counts(torn))
			b.HealMedium()
			require.Equal(t, "aaaaXXXX", b.read("f"))
		}
	}
	require.Equal(t, distinct([]string{"Xbbb", "XXbb", "XXXb", "bXXX", "bbXX", "bbbX"}), shapes)
}

func TestALostRenameIsUndoneByTheNextCrash(t *testing.T) {
	for _, m := range models {
		b := based(t, m, "f=old", "tmp=new")
		lost := b.Inject(Fault{Kind: LostRename})
		require.NoError(t, b.Rename("tmp", "f"))
		b.sync("/")
		require.Equal(t, []string{"f=new"}, b.shown())
		require.Equal(t, [3]uint64{1, 0, 0}, counts(lost))
		require.Equal(t, []string{"f=old tmp=new"}, b.states())
		b.reboot()
		require.Equal(t, []string{"f=old", "tmp=new"}, b.shown())
		require.Equal(t, [3]uint64{1, 2, 0}, counts(lost))

		b.append("tmp", "er")
		b.sync("tmp")
		lost.Heal()
		require.Equal(t, []string{"f=newer"}, b.shown(), "the file is one and the same")
		b.reboot()
		require.Equal(t, []string{"f=newer"}, b.shown())
	}
}

func TestANameThatIsWrittenAnewIsNotLostAnyMore(t *testing.T) {
	b := based(t, Strict, "f=old", "tmp=new")
	lost := b.Inject(Fault{Kind: LostRename})
	require.NoError(t, b.Rename("tmp", "f"))
	b.sync("/")
	lost.End()
	b.append("tmp", "2")
	b.sync("tmp")
	require.NoError(t, b.Rename("tmp", "f"))
	b.sync("/")
	b.reboot()
	require.Equal(t, []string{"f=2"}, b.shown())
	b.HealMedium()
	require.Equal(t, []string{"f=2"}, b.shown())
}

func TestErrorsComeFromReadsWritesSyncsAndAFullDisk(t *testing.T) {
	b := full(t, Strict)
	i := b.Inject(Fault{Kind: ReadError})
	_, err := b.ReadFile("f")
	require.ErrorIs(t, err, ErrIO)
	_, err = b.ReadAt("f", make([]byte, 1), 0)
	require.EqualError(t, err, "read f: input/output error")
	require.Equal(t, [3]uint64{2, 2, 0}, counts(i))
	i.End()
	i.End()
	require.Len(t, b.read("f"), 32)

	i = b.Inject(Fault{Kind: WriteError, File: "f"})
	require.ErrorIs(t, b.Append("f", []byte("x")), ErrIO)
	require.ErrorIs(t, b.Truncate("f", 1), ErrIO)
	b.append("g", "y")
	require.Equal(t, [3]uint64{2, 2, 0}, counts(i))
	i.Heal()

	i = b.Inject(Fault{Kind: Full})
	require.ErrorIs(t, b.Append("f", []byte("x")), ErrFull)
	require.ErrorIs(t, b.WriteAt("h", nil, 0), ErrFull)
	require.ErrorIs(t, b.Create("h"), ErrFull)
	b.write("f", "z", 0)
	require.NoError(t, b.Truncate("f", 2))
	require.Equal(t, [3]uint64{3, 3, 0}, counts(i))
	i.End()
	require.Equal(t, []string{"f=za", "g=y"}, b.shown())
	require.Equal(t, []sim.FaultCount{
		{Name: "disk-read-error a", Configured: 1, Fired: 2, Effect: 2},
		{Name: "disk-write-error a", Configured: 1, Fired: 2, Effect: 2},
		{Name: "disk-full a", Configured: 1, Fired: 3, Effect: 3},
	}, b.w.Faults())
}

// Rebello et al., section 3: after a failed fsync ext4 has marked the pages clean; a
// program sees what it wrote, and after a crash does not.
func TestAFailedSyncLosesTheDataForGood(t *testing.T) {
	for m, now := range map[Model]string{Strict: "f=old.", Ext4: "f=OLDER"} {
		b := based(t, m, "f=old.")
		fails := b.Inject(Fault{Kind: SyncError})
		b.write("f", "OLDER", 0)
		err := b.trySync("f")
		require.ErrorIs(t, err, ErrIO)
		var path *fs.PathError
		require.ErrorAs(t, err, &path)
		require.ErrorIs(t, b.trySync("/"), ErrIO)
		require.Equal(t, [3]uint64{2, 2, 0}, counts(fails))
		fails.End()
		require.NoError(t, b.trySync("f"), "the second sync claims to have worked")
		require.Equal(t, []string{now}, b.shown(), m)
		b.reboot()
		want := map[Model]string{Strict: "f=old.", Ext4: "f=old.."}[m] // ext4 keeps the length
		require.Equal(t, []string{want}, b.shown(), m)
	}
}

func TestWhatIsWrittenAfterAFailedSyncIsKept(t *testing.T) {
	for m, want := range map[Model]string{Strict: "f=aa..cc", Ext4: "f=aa..cc"} {
		b := based(t, m, "f=aa")
		fails := b.Inject(Fault{Kind: SyncError})
		b.append("f", "bb")
		b.Sync("f", nil)
		b.append("f", "cc")
		b.w.Run(sim.Limit{})
		fails.End()
		b.sync("f")
		b.reboot()
		require.Equal(t, []string{want}, b.shown(), m)
	}
}

func TestASlowDiskTakesLonger(t *testing.T) {
	b := newBox(t, Config{Sync: Latency{Min: time.Millisecond}})
	slow := b.Inject(Fault{Kind: Slow, Factor: 10, Delay: time.Microsecond})
	b.append("f", "x")
	b.sync("f")
	require.Equal(t, sim.Time(10*time.Millisecond+time.Microsecond), b.w.Now())
	b.sync("/")
	require.Equal(t, [3]uint64{2, 2, 0}, counts(slow))
	slow.End()
	at := b.w.Now()
	b.sync("f")
	require.Equal(t, at.Add(time.Millisecond), b.w.Now())
}

func TestASlowDiskThatIsHealedDelaysNoSyncAnyMore(t *testing.T) {
	b := newBox(t, Config{Sync: Latency{Min: 2 * time.Second, Max: 2 * time.Second}})
	b.append("f", "a")
	hour := b.Inject(Fault{Kind: Slow, Delay: time.Hour})
	minute := b.Inject(Fault{Kind: Slow, Delay: time.Minute, Name: "other"})
	var ended []sim.Time
	b.Sync("f", func(err error) {
		require.NoError(t, err)
		ended = append(ended, b.w.Now())
	})
	b.w.RunFor(time.Second)
	hour.Heal()
	b.w.RunFor(2 * time.Minute)
	b.SyncDir(func(error) { ended = append(ended, b.w.Now()) })
	b.w.RunFor(time.Second)
	minute.Heal()
	b.w.Run(sim.Limit{})
	require.Equal(t, []sim.Time{sim.Time(62 * time.Second), sim.Time(123 * time.Second)}, ended)
	require.Equal(t, [3]uint64{1, 1, 0}, counts(hour))
	require.Equal(t, [3]uint64{2, 2, 0}, counts(minute))
}

func TestAStalledDiskEndsNoSync(t *testing.T) {
	b := newBox(t, Config{})
	stall := b.Inject(Fault{Kind: Stall})
	b.append("f", "x")
	var ended []string
	b.Sync("f", func(error) { ended = append(ended, "file") })
	b.SyncDir(func(error) { ended = append(ended, "directory") })
	b.w.RunFor(time.Hour)
	require.Empty(t, ended)
	require.Equal(t, [3]uint64{1, 2, 0}, counts(stall))
	require.Contains(t, b.states(), "", "nothing is durable")
	stall.End()
	b.w.Run(sim.Limit{})
	require.Equal(t, []string{"file", "directory"}, ended)

	stall = b.Inject(Fault{Kind: Stall})
	b.Sync("f", func(error) { t.Error("told of a sync from before the crash") })
	b.w.Run(sim.Limit{})
	b.reboot()
	stall.End()
	b.w.Run(sim.Limit{})
}

func TestMistakesInFaultsAreNamed(t *testing.T) {
	b := newBox(t, Config{})
	for want, f := range map[string]Fault{
		"disk: fault(0), expected one of [torn misdirected":          {},
		"disk: probability 4294967297/2^32 of rot, expected at most": {Kind: Rot, Prob: sim.Certain + 1},
		"disk: factor -1 of slow, expected 0 to 1048576":             {Kind: Slow, Factor: -1},
		"disk: delay -1ns of slow, expected 0 to 1h0m0s":             {Kind: Slow, Delay: -1},
		"disk: rot has a factor or a delay, which only slow has":     {Kind: Rot, Factor: 2},
	} {
		require.ErrorContains(t, f.Check(), want)
		require.Panics(t, func() { b.Inject(f) })
	}
	require.Equal(t, "disk rot 1% of wal", Fault{Kind: Rot, Prob: sim.ProbOf(0.01), File: "wal"}.String())
	require.Equal(t, "disk stall", Fault{Kind: Stall}.String())
}
