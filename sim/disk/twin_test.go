package disk

import (
	"testing"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Damage is a mask: healed, a disk is what its twin without faults is, whatever
// was written, read and lost meanwhile.
func TestHealedDamageLeavesNoTrace(t *testing.T) {
	damaged := map[FaultKind]int{}
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{Model: Model(rapid.IntRange(0, 1).Draw(t, "model")), Sector: 4}
		seed := rapid.Uint64().Draw(t, "seed")
		var twins []*Disk
		for range 2 {
			w := sim.New(sim.Config{Seed: seed})
			defer w.Close()
			twins = append(twins, NewArray(w, cfg).Disk(w.AddHost("a", nil)))
			w.Run(sim.Limit{})
		}
		both := func(do func(d *Disk)) {
			for _, d := range twins {
				do(d)
				d.a.w.Run(sim.Limit{})
			}
		}
		var faults []*Injected
		for _, k := range []FaultKind{Rot, LostWrite, Misdirected, Torn} {
			faults = append(faults, twins[1].Inject(Fault{Kind: k, Prob: sim.ProbOf(0.2)}))
		}
		name := rapid.SampledFrom([]string{"a", "b"})
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				n, off := name.Draw(t, "name"), rapid.Int64Range(0, 12).Draw(t, "off")
				data := rapid.SliceOfN(rapid.ByteRange('a', 'z'), 1, 10).Draw(t, "data")
				both(func(d *Disk) { must(d.WriteAt(n, data, off)) })
			},
			"truncate": func(t *rapid.T) {
				n, size := name.Draw(t, "name"), rapid.Int64Range(0, 12).Draw(t, "size")
				both(func(d *Disk) { _ = d.Truncate(n, size) })
			},
			"rename": func(t *rapid.T) { both(func(d *Disk) { _ = d.Rename("a", "b") }) },
			"sync": func(t *rapid.T) {
				n := name.Draw(t, "name")
				both(func(d *Disk) { d.Sync(n, nil); d.SyncDir(nil) })
			},
			"read":  func(t *rapid.T) { both(func(d *Disk) { _, _ = d.ReadFile("a") }) },
			"crash": func(t *rapid.T) { both(func(d *Disk) { d.Host().Crash(); d.Host().Restart() }) },
			"heal": func(t *rapid.T) {
				twins[1].HealMedium()
				require.Equal(t, show(twins[0].Image()), show(twins[1].Image()))
			},
		})
		twins[1].HealMedium()
		require.Equal(t, show(twins[0].Image()), show(twins[1].Image()))
		for _, i := range faults {
			damaged[i.Kind] += int(i.Fired)
		}
	})
	require.Len(t, damaged, 4)
	for k, n := range damaged {
		require.Positive(t, n, "%v damaged nothing", k)
	}
}
