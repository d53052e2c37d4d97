package disk

import (
	"strings"
	"testing"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var models = []Model{Strict, Ext4}

// based returns a disk that durably holds files, "name=content".
func based(t *testing.T, m Model, files ...string) *box {
	t.Helper()
	b := newBox(t, Config{Model: m, Sector: 4})
	for _, f := range files {
		name, data, _ := strings.Cut(f, "=")
		b.append(name, data)
		b.sync(name)
	}
	b.sync("/")
	require.Len(t, b.states(), 1)
	return b
}

func TestOverwrittenSectorsSurviveEachForItself(t *testing.T) {
	for _, m := range models {
		b := based(t, m, "f=aaaabbbbcc")
		b.write("f", "XYZ", 2) // the end of the first sector, the beginning of the second
		b.write("f", "!", 5)
		want := []string{"f=aaXYZ!bbcc", "f=aaXYZbbbcc", "f=aaXYbbbbcc", "f=aaaaZ!bbcc", "f=aaaaZbbbcc", "f=aaaabbbbcc"}
		require.ElementsMatch(t, want, b.states(), m)
		b.sync("f")
		require.Equal(t, []string{"f=aaXYZ!bbcc"}, b.states(), m)
	}
}

func TestAppendsShowGarbageOnAStrictDiskOnly(t *testing.T) {
	b := based(t, Ext4, "f=aa")
	b.append("f", "bbbbbbbb")
	b.append("f", "c")
	require.Equal(t, []string{"f=aa", "f=aabb", "f=aabbbbbb", "f=aabbbbbbbb", "f=aabbbbbbbbc"}, b.states())

	b = based(t, Strict, "f=aa")
	b.append("f", "bbb")
	all := b.states()
	require.Len(t, all, 7) // as it was; or 5 bytes: two states of the first sector, three of the second
	for _, want := range []string{"f=aa", "f=aa...", "f=aabb.", "f=aabbb"} {
		require.Contains(t, all, want)
	}
}

func TestASizeIsNeverAheadOfItsDataWithExt4(t *testing.T) {
	b := based(t, Ext4, "f=")
	b.append("f", "a")
	b.append("f", "b")
	b.append("f", "c")
	// Data may be ahead of the size, which hides it.
	require.Equal(t, []string{"f=", "f=a", "f=ab", "f=abc"}, b.states())
	b.write("f", "z", 9) // a hole is zeros in every state
	require.Equal(t, []string{"f=", "f=a", "f=ab", "f=abc", "f=abc.", "f=abc.....", "f=abc......z"}, b.states())
}

func TestTruncationsArePartOfTheJournalWithExt4(t *testing.T) {
	b := based(t, Ext4, "f=aaaabb")
	require.NoError(t, b.Truncate("f", 2))
	b.append("f", "c")
	require.NoError(t, b.Create("g"))
	require.Equal(t, []string{"f=aa", "f=aa g=", "f=aa..bb", "f=aaaabb", "f=aac", "f=aac g=", "f=aac.bb"}, b.states())
	b.append("h", "x")
	b.sync("h") // the journal takes the truncation along, but not what was appended
	require.Equal(t, []string{"f=aa g= h=x", "f=aac g= h=x"}, b.states())
	b.sync("f")
	require.Equal(t, []string{"f=aac g= h=x"}, b.states())
}

func TestTruncationsOnAStrictDisk(t *testing.T) {
	b := based(t, Strict, "f=aabb")
	require.NoError(t, b.Truncate("f", 2))
	require.NoError(t, b.Truncate("f", 4))
	require.Equal(t, []string{"f=aa", "f=aa..", "f=aabb"}, b.states())
}

func TestNamesNeedASyncOfTheDirectoryOnAStrictDisk(t *testing.T) {
	b := newBox(t, Config{Sector: 4})
	b.append("new", "x")
	b.sync("new")
	require.Equal(t, []string{"", "new=x"}, b.states())
	b.sync("/")
	require.Equal(t, []string{"new=x"}, b.states())

	b = newBox(t, Config{Sector: 4, Model: Ext4})
	b.append("other", "y")
	b.append("new", "x")
	require.Equal(t, []string{"", "new= other=", "new= other=y", "new=x other=", "new=x other=y",
		"other=", "other=y"}, b.states())
	b.sync("new") // makes the name durable, and those before it
	require.Equal(t, []string{"new=x other=", "new=x other=y"}, b.states())
}

func TestDirectoryOperationsSurviveInAnySubsetOnAStrictDisk(t *testing.T) {
	b := based(t, Strict, "a=1", "b=2")
	require.NoError(t, b.Rename("a", "b"))
	require.NoError(t, b.Remove("b")) // not without the rename, which made that entry
	b.append("c", "")
	require.Equal(t, []string{"", "a=1 b=2", "a=1 b=2 c=", "b=1", "b=1 c=", "c="}, b.states())
	b.sync("/")
	require.Equal(t, []string{"c="}, b.states())
}

func TestDirectoryOperationsSurviveInOrderWithExt4(t *testing.T) {
	b := based(t, Ext4, "a=1", "b=2")
	require.NoError(t, b.Rename("a", "b"))
	require.NoError(t, b.Remove("b"))
	b.append("c", "")
	require.Equal(t, []string{"", "a=1 b=2", "b=1", "c="}, b.states())
}

func TestARenameOverAFileFlushesItWithExt4Only(t *testing.T) {
	b := based(t, Ext4, "f=old")
	b.append("tmp", "new")
	require.NoError(t, b.Rename("tmp", "f"))
	require.Equal(t, []string{"f=new", "f=old", "f=old tmp=", "f=old tmp=new"}, b.states())
	b.append("f", "er")
	require.Equal(t, []string{"f=new", "f=newe", "f=newer", "f=old", "f=old tmp=", "f=old tmp=new", "f=old tmp=newe",
		"f=old tmp=newer"}, b.states())
	b.sync("/") // commits the rename, and with it what it flushed
	require.Equal(t, []string{"f=new", "f=newe", "f=newer"}, b.states())

	b = based(t, Ext4)
	b.append("tmp", "new")
	require.NoError(t, b.Rename("tmp", "f")) // replaces nothing: nothing is flushed
	require.Contains(t, b.states(), "f=")

	b = based(t, Strict, "f=old")
	b.append("tmp", "new")
	require.NoError(t, b.Rename("tmp", "f"))
	require.Contains(t, b.states(), "f=")
	require.Contains(t, b.states(), "f=...")
}

func TestASyncCoversWhatWasWrittenBeforeTheCall(t *testing.T) {
	for _, m := range models {
		b := based(t, m, "f=")
		b.append("f", "a")
		b.Sync("f", nil)
		b.write("f", "b", 0)
		b.w.Run(sim.Limit{})
		require.Equal(t, []string{"f=a", "f=b"}, b.states())
	}
}

func TestWhatACrashKeepsCanBeForced(t *testing.T) {
	for _, m := range models {
		for keep, want := range map[Keep]string{KeepAll: "f=newer", KeepNothing: "f=old"} {
			b := based(t, m, "f=old")
			b.append("tmp", "newer")
			require.NoError(t, b.Rename("tmp", "f"))
			b.OnCrash(keep)
			b.reboot()
			require.Equal(t, []string{want}, b.shown())
			require.Equal(t, []string{want}, b.states(), "what a crash has left is durable")
		}
	}
	require.Panics(t, func() { newBox(t, Config{}).OnCrash(9) })
}

// What a crash draws is one of the states that CrashStates tells of, and of a few
// crashes every one comes up.
func TestACrashLeavesOneOfItsStatesAndEachSometimes(t *testing.T) {
	for _, m := range models {
		seen := map[string]bool{}
		var want []string
		for seed := range uint64(300) {
			b := seeded(t, Config{Model: m, Sector: 4}, seed)
			b.append("a", "old")
			b.sync("a", "/")
			b.append("tmp", "12")
			b.append("tmp", "345")
			require.NoError(t, b.Rename("tmp", "a"))
			want = hide(b.states())
			b.reboot()
			got := hide([]string{strings.Join(b.shown(), " ")})[0]
			require.Contains(t, want, got)
			seen[got] = true
		}
		require.Len(t, seen, len(distinct(want)), m)
	}
}

// hide puts question marks for garbage, which differs from seed to seed.
func hide(all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		b := []byte(s)
		for j, c := range b {
			if !strings.ContainsRune("a=old tmp.12345", rune(c)) {
				b[j] = '?'
			}
		}
		out[i] = string(b)
	}
	return out
}

func distinct(all []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range all {
		set[s] = true
	}
	return set
}

func TestKeepsAndModelsPrintAndParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := Keep(rapid.IntRange(0, 2).Draw(t, "keep"))
		text, err := k.MarshalText()
		require.NoError(t, err)
		var back Keep
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, k, back)
	})
	var k Keep
	require.EqualError(t, k.UnmarshalText([]byte("x")), `what a crash keeps "x": expected some, all or nothing`)
	require.Equal(t, "keep(9)", Keep(9).String())
	for m := Strict; m <= Ext4; m++ {
		var back Model
		require.NoError(t, back.UnmarshalText([]byte(m.String())))
		require.Equal(t, m, back)
	}
	var m Model
	require.EqualError(t, m.UnmarshalText([]byte("x")), `file system "x": expected strict or ext4`)
	for s := WholeDisk; s <= OneSector; s++ {
		var back Scope
		require.NoError(t, back.UnmarshalText([]byte(s.String())))
		require.Equal(t, s, back)
	}
	var s Scope
	require.EqualError(t, s.UnmarshalText([]byte("x")), `scope of a fault budget "x": expected disk, file or sector`)
	for _, kind := range FaultKinds() {
		var back FaultKind
		require.NoError(t, back.UnmarshalText([]byte(kind.String())))
		require.Equal(t, kind, back)
	}
	var kind FaultKind
	require.ErrorContains(t, kind.UnmarshalText(nil), `disk fault "": expected one of [torn misdirected rot lost-write`)
	require.Equal(t, "fault(0)", kind.String())
}
