package disk

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

func TestAFlushedFileIsWholeNotOnlyLongEnough(t *testing.T) {
	b := based(t, Ext4, "f=old.", "tmp=aaaabbbb")
	b.write("tmp", "NEW", 1)
	require.NoError(t, b.Rename("tmp", "f"))
	require.Equal(t, []string{"f=aNEWbbbb", "f=old. tmp=aNEWbbbb", "f=old. tmp=aaaabbbb"}, b.states())
}

func TestAFileDoesNotGrowBeyondATruncationThatIsLost(t *testing.T) {
	b := based(t, Ext4, "f=aa")
	require.NoError(t, b.Truncate("f", 0))
	b.append("f", "bbbbbb")
	require.Equal(t, []string{"f=", "f=aa", "f=bbbb", "f=bbbbbb"}, b.states())
}

func TestALengthThatAFailedSyncLeavesGoesIntoTheJournal(t *testing.T) {
	b := based(t, Ext4, "f=aa")
	b.append("f", "bb")
	b.append("g", "x")
	b.sync("g") // the journal is durable up to here, without a truncation in it
	fails := b.Inject(Fault{Kind: SyncError})
	require.ErrorIs(t, b.trySync("f"), ErrIO)
	fails.End()
	require.Equal(t, []string{"f=aa g=x", "f=aa.. g=x"}, b.states())
	b.sync("/")
	require.Equal(t, []string{"f=aa.. g=x"}, b.states())
}

func TestHealingANameBeforeTheCrashChangesNothingThatShows(t *testing.T) {
	b := based(t, Strict, "f=old", "tmp=new")
	b.Inject(Fault{Kind: LostRename})
	require.NoError(t, b.Rename("tmp", "f"))
	b.sync("/")
	require.NoError(t, b.Rename("f", "tmp")) // not durable: the medium should say f
	b.HealMedium()
	require.Equal(t, []string{"tmp=new"}, b.shown())
	b.OnCrash(KeepNothing)
	b.reboot()
	require.Equal(t, []string{"f=new"}, b.shown())
}

func TestHealingANameLeavesWhatWasDoneToItSince(t *testing.T) {
	b := based(t, Strict, "f=old", "tmp=new")
	lost := b.Inject(Fault{Kind: LostRename})
	require.NoError(t, b.Rename("tmp", "f"))
	b.sync("/")
	lost.End()
	b.reboot()
	require.Equal(t, []string{"f=old", "tmp=new"}, b.shown())
	require.NoError(t, b.Remove("f"))
	b.append("f", "mine")
	b.HealMedium()
	require.Equal(t, []string{"f=mine"}, b.shown())
	b.OnCrash(KeepAll)
	b.reboot()
	require.Equal(t, []string{"f=mine"}, b.shown())
}

// Healing a name would take away what a program has synced to the file that it found
// under it: then both names stay as they are.
func TestHealingANameLeavesAFileThatWasWrittenSince(t *testing.T) {
	for _, m := range models {
		b := based(t, m, "f=old", "tmp=new")
		lost := b.Inject(Fault{Kind: LostRename})
		require.NoError(t, b.Rename("tmp", "f"))
		b.sync("/")
		b.reboot()
		b.append("f", "er")
		b.sync("f")
		lost.Heal()
		require.Equal(t, []string{"f=older", "tmp=new"}, b.shown())
		require.Equal(t, []string{"f=older tmp=new"}, b.states())
		b.reboot()
		require.Equal(t, []string{"f=older", "tmp=new"}, b.shown())
	}
}

func TestANameThatACrashWritesAnewIsNotLostAnyMore(t *testing.T) {
	b := based(t, Strict, "f=old", "tmp=new")
	lost := b.Inject(Fault{Kind: LostRename})
	require.NoError(t, b.Rename("tmp", "f"))
	b.sync("/")
	lost.End()
	require.NoError(t, b.Remove("f"))
	require.NoError(t, b.Create("tmp"))
	b.OnCrash(KeepAll)
	require.Contains(t, b.states(), "tmp=")
	b.reboot()
	require.Equal(t, []string{"tmp="}, b.shown())
	require.Zero(t, lost.Effect)
}

func TestRotStrikesASectorOnce(t *testing.T) {
	b := based(t, Strict, "f=aaaa")
	rot := b.Inject(Fault{Kind: Rot})
	require.NotEqual(t, "aaaa", b.read("f"))
	b.write("f", "bbbb", 0)
	b.sync("f")
	require.Equal(t, "bbbb", b.read("f"))
	require.Equal(t, [3]uint64{1, 1, 0}, counts(rot))
}

func TestASectorThatIsCutOffIsNotLostInASync(t *testing.T) {
	b := based(t, Strict, "f=aaaabbbb")
	lost := b.Inject(Fault{Kind: LostWrite})
	b.write("f", "cccc", 4)
	require.NoError(t, b.Truncate("f", 4))
	b.sync("f")
	require.Equal(t, [3]uint64{}, counts(lost))
	b.write("f", "aaaa", 0) // what was there already cannot be lost
	b.sync("f")
	require.Equal(t, [3]uint64{}, counts(lost))
}

func TestACrashTellsWhatItLost(t *testing.T) {
	b := based(t, Strict, "f=aaaabbbb")
	var got []string
	b.w.Observe(func(e *sim.Event) {
		if e.Kind == sim.Disk {
			got = append(got, e.Name)
		}
	})
	b.write("f", "xxxxxxxxxx", 0)
	require.NoError(t, b.Create("g"))
	b.OnCrash(KeepNothing)
	b.reboot()
	require.Equal(t, []string{"write f", "create g", "loses: create g",
		"loses 2 of 2 unsynced sectors of f", "f has 8 B, not 10 B"}, got)

	got = nil
	b.write("f", "yyyyyyyy", 0)
	b.Inject(Fault{Kind: Torn, Prob: sim.Certain, File: "f"})
	b.OnCrash(KeepAll)
	b.reboot()
	require.Equal(t, []string{"write f", "torn damages sector 0 of f", "torn damages sector 1 of f"}, got)
}

// A paused host is told of its syncs when it goes on; what is durable is durable.
func TestASyncOfAPausedHostIsDoneAndNotTold(t *testing.T) {
	b := based(t, Strict, "f=a")
	b.write("f", "b", 0)
	b.Sync("f", func(error) { t.Error("told after the crash") })
	b.h.Pause()
	b.w.Run(sim.Limit{})
	b.OnCrash(KeepNothing)
	b.reboot()
	b.w.Run(sim.Limit{})
	require.Equal(t, []string{"f=b"}, b.shown())
}

func TestProgrammersAreToldOfTheirMistakes(t *testing.T) {
	b := based(t, Strict, "f=a")
	for want, do := range map[string]func(){
		"disk: a write at a negative offset":    func() { _ = b.WriteAt("f", nil, -1) },
		"disk: a read at a negative offset":     func() { _, _ = b.ReadAt("f", nil, -1) },
		"disk: a truncation to a negative size": func() { _ = b.Truncate("f", -1) },
		"disk: a file without a name":           func() { _ = b.Append("", nil) },
		"disk: keep(3)":                         func() { b.OnCrash(3) },
	} {
		require.PanicsWithValue(t, want, do)
	}
	require.Panics(t, func() { _ = b.Create("") })
	require.Panics(t, func() { _ = b.Rename("f", "") })
}

func TestConfigurationsAndFaultsAreDocuments(t *testing.T) {
	cfg := Config{Model: Ext4, Sector: 8, Sync: Latency{Max: time.Second},
		Budget: Budget{Groups: [][]string{{"a", "b"}}, Good: 1, Scope: OneSector}}
	text, err := json.Marshal(cfg)
	require.NoError(t, err)
	require.Equal(t, `{"model":"ext4","sector":8,"sync":{"max":1000000000},`+
		`"budget":{"groups":[["a","b"]],"good":1,"scope":"sector"}}`, string(text))
	var back Config
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, cfg, back)
	require.True(t, Config{}.IsZero())
	for _, c := range []Config{{Model: Ext4}, {Sector: 1}, {Capacity: 1}, {Sync: Latency{Max: 1}},
		{Write: Latency{Min: 1}}, {Budget: Budget{Good: 1}}, {Budget: Budget{Scope: OneSector}}, {Budget: Budget{Groups: [][]string{}}}} {
		require.False(t, c.IsZero())
	}

	f := Fault{Kind: LostWrite, Prob: sim.ProbOf(0.25), File: "wal"}
	text, err = json.Marshal(f)
	require.NoError(t, err)
	require.Equal(t, `{"kind":"lost-write","prob":"25%","file":"wal"}`, string(text))
	var same Fault
	require.NoError(t, json.Unmarshal(text, &same))
	require.Equal(t, f, same)
	require.Equal(t, "disk lost-write 25% of wal", f.String())
}

func TestDamageShowsUnderWhatWasWrittenSince(t *testing.T) {
	for _, m := range models {
		b := based(t, m, "f=aaaabbbb")
		b.Inject(Fault{Kind: LostWrite}).End()
		lost := b.Inject(Fault{Kind: LostWrite})
		b.write("f", "XXXX", 0)
		b.sync("f")
		lost.End()
		b.write("f", "yy", 1) // in memory, over what the medium gives
		require.Equal(t, "ayyabbbb", b.read("f"), m)
		require.ElementsMatch(t, []string{"f=aaaabbbb", "f=ayyabbbb"}, b.states())
		require.Equal(t, []string{"f=ayyabbbb"}, b.shown())
		fails := b.Inject(Fault{Kind: SyncError})
		require.Error(t, b.trySync("f"))
		fails.End()
		require.Equal(t, map[Model]string{Strict: "aaaabbbb", Ext4: "ayyabbbb"}[m], b.read("f"))
		b.HealMedium()
		require.Equal(t, map[Model]string{Strict: "XXXXbbbb", Ext4: "XyyXbbbb"}[m], b.read("f"))
	}
}

// A host that is busy with other faults still has a disk without them.
func TestFaultsOfOneDiskAreNotThoseOfAnother(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	a := NewArray(w, Config{})
	one, two := a.Disk(w.AddHost("one", nil)), a.Disk(w.AddHost("two", nil))
	w.Run(sim.Limit{})
	one.Inject(Fault{Kind: WriteError})
	require.ErrorIs(t, one.Append("f", []byte("x")), ErrIO)
	require.NoError(t, two.Append("f", []byte(strings.Repeat("x", 1000))))
	require.Empty(t, one.List())
	require.Equal(t, "one", one.Host().Name())
}
