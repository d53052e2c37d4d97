package disk

import (
	"fmt"
	"strings"
	"testing"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// replicas returns three disks with the same two files, on a budget.
func replicas(t *testing.T, scope Scope, good int) (*sim.World, []*Disk) {
	t.Helper()
	w := sim.New(sim.Config{Seed: 1})
	t.Cleanup(w.Close)
	budget := Budget{Groups: [][]string{{"a", "b", "c", "unused"}}, Good: good, Scope: scope}
	a := NewArray(w, Config{Sector: 4, Budget: budget})
	var all []*Disk
	for _, name := range []string{"a", "b", "c", "unused", "outside"} {
		h := w.AddHost(name, nil)
		if name == "unused" {
			continue
		}
		d := a.Disk(h)
		d.Load(Image{[]File{{"f", []byte(strings.Repeat("aaaa", 64))}, {"g", []byte("bbbb")}}})
		all = append(all, d)
	}
	w.Run(sim.Limit{})
	return w, all
}

// damage returns how many sectors of a file are not as they were meant.
func damage(d *Disk, name string) map[int64]bool {
	all := map[int64]bool{}
	for s := range d.live[name].masks {
		all[s] = true
	}
	return all
}

func TestABudgetKeepsGoodCopies(t *testing.T) {
	for scope, refused := range map[Scope]bool{WholeDisk: true, WholeFile: true, OneSector: true} {
		_, disks := replicas(t, scope, 3)
		var all []*Injected
		for _, d := range disks {
			all = append(all, d.Inject(Fault{Kind: Rot, Prob: sim.ProbOf(0.5)}))
			for _, name := range d.List() {
				_, err := d.ReadFile(name)
				require.NoError(t, err)
			}
		}
		a, b, c, outside := all[0], all[1], all[2], all[3]
		require.Positive(t, a.Fired)
		require.Zero(t, a.Refused, "nobody else is damaged")
		require.Equal(t, refused, b.Refused > 0 && c.Refused > 0)
		require.Positive(t, outside.Fired)
		require.Zero(t, outside.Refused, "it has no copies")
		copies := map[int64]int{}
		for _, d := range disks[:3] {
			for s := range damage(d, "f") {
				copies[s]++
			}
		}
		for s, n := range copies {
			require.Equal(t, 1, n, "sector %d", s)
		}
		if scope != OneSector {
			require.Zero(t, b.Fired+c.Fired, "the first disk has damage to both files already")
		} else {
			require.Positive(t, b.Fired)
			require.Positive(t, c.Fired)
		}
	}
}

func TestDamageThatIsHealedMakesRoomInTheBudget(t *testing.T) {
	_, disks := replicas(t, WholeDisk, 3)
	n := 0
	hit := func(d *Disk) *Injected {
		n++
		i := d.Inject(Fault{Kind: LostWrite})
		require.NoError(t, d.WriteAt("g", fmt.Appendf(nil, "%04d", n), 0))
		d.Sync("g", nil)
		d.a.w.Run(sim.Limit{})
		i.End()
		return i
	}
	first := hit(disks[0])
	require.Equal(t, [3]uint64{1, 0, 0}, counts(first))
	require.Equal(t, [3]uint64{0, 0, 1}, counts(hit(disks[1])))
	require.NoError(t, disks[0].WriteAt("g", []byte("dddd"), 0))
	disks[0].Sync("g", nil)
	disks[0].a.w.Run(sim.Limit{})
	require.NoError(t, disks[2].Rename("g", "h"))
	lost := disks[2].Inject(Fault{Kind: LostRename})
	disks[2].SyncDir(nil)
	disks[2].a.w.Run(sim.Limit{})
	require.Equal(t, [3]uint64{1, 0, 0}, counts(lost))
	require.Equal(t, [3]uint64{0, 0, 1}, counts(hit(disks[1])), "a lost name is damage")
	disks[2].HealMedium()
	require.Equal(t, uint64(1), hit(disks[1]).Fired)
}

func TestTheScopeOfABudgetSaysWhatTheSameDataIs(t *testing.T) {
	for scope, refused := range map[Scope]uint64{WholeDisk: 1, WholeFile: 0, OneSector: 0} {
		_, disks := replicas(t, scope, 3)
		disks[0].Inject(Fault{Kind: Rot, File: "f"})
		_, _ = disks[0].ReadFile("f")
		rot := disks[1].Inject(Fault{Kind: Rot})
		_, _ = disks[1].ReadFile("g")
		require.Equal(t, refused, rot.Refused, scope)
		require.Equal(t, 1-refused, rot.Fired, scope)
	}
}

func TestABudgetCanBeReplaced(t *testing.T) {
	_, disks := replicas(t, WholeDisk, 4)
	rot := disks[0].Inject(Fault{Kind: Rot})
	_, _ = disks[0].ReadFile("g")
	require.Equal(t, [3]uint64{0, 0, 1}, counts(rot), "four good copies of four")
	disks[0].a.SetBudget(Budget{})
	_, _ = disks[0].ReadFile("f")
	require.Equal(t, uint64(64), rot.Fired)
	require.Panics(t, func() { disks[0].a.SetBudget(Budget{Good: -1}) })
}

func TestAHostThatDoesNotExistHoldsNoGoodCopy(t *testing.T) {
	for name, refused := range map[string]uint64{"unused": 0, "mistyped": 1} {
		w, disks := replicas(t, WholeDisk, 0)
		budget := Budget{Groups: [][]string{{"a", "b", name}}, Good: 2}
		disks[0].a.SetBudget(budget)
		rot := disks[0].Inject(Fault{Kind: Rot, File: "g"})
		_, err := disks[0].ReadFile("g")
		require.NoError(t, err)
		require.Equal(t, [3]uint64{1 - refused, 1 - refused, refused}, counts(rot), name)
		require.Empty(t, w.Findings())
	}
}
