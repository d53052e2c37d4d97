package disk

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A moment is what a file held after an operation, and which sectors that wrote.
type moment struct {
	data  []byte
	wrote map[int]bool
}

// left returns all that a crash may leave of a file on a strict disk, as a definition
// of few lines has it: a size that it had, and in each sector, for itself, what it held
// at any moment, zeros where there was nothing; or garbage, if it was written and the
// file durably ends before it. The first moment is durable.
func left(file *file, moments []moment) []string {
	all := map[string]bool{}
	for _, m := range moments {
		size := len(m.data)
		parts := []string{""}
		for s := 0; 2*s < size; s++ {
			from, to := 2*s, min(2*s+2, size)
			can := map[string]bool{}
			for _, past := range moments {
				was := make([]byte, to-from)
				if from < len(past.data) {
					copy(was, past.data[from:])
				}
				can[string(was)] = true
				if past.wrote[s] && from >= len(moments[0].data) {
					noise := make([]byte, to-from)
					garbage(noise, &version{f: file, sector: int64(s)})
					can[string(noise)] = true
				}
			}
			var longer []string
			for _, p := range parts {
				for _, sector := range slices.Sorted(maps.Keys(can)) {
					longer = append(longer, p+sector)
				}
			}
			parts = longer
		}
		for _, p := range parts {
			all[p] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// No state is missing, and none is impossible.
func TestTheCrashStatesOfAFileAreThoseOfTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := sim.New(sim.Config{})
		defer w.Close()
		d := NewArray(w, Config{Sector: 2}).Disk(w.AddHost("a", nil))
		durable := rapid.StringMatching("[abc]{0,4}").Draw(t, "durable")
		d.Load(Image{[]File{{"f", []byte(durable)}}})
		moments := []moment{{data: []byte(durable)}}
		for n := range rapid.IntRange(1, 3).Draw(t, "operations") {
			now := slices.Clone(moments[n].data)
			m := moment{wrote: map[int]bool{}}
			from, to := 0, 0
			if rapid.Bool().Draw(t, "write") {
				p := fmt.Appendf(nil, "%c%[1]c%[1]c", 'A'+n)[:rapid.IntRange(1, 3).Draw(t, "size")]
				from = rapid.IntRange(0, 4).Draw(t, "off")
				to = from + len(p)
				must(d.WriteAt("f", p, int64(from)))
				m.data = resize(now, int64(max(len(now), to)))
				copy(m.data[from:], p)
			} else {
				from, to = rapid.IntRange(0, 5).Draw(t, "to"), len(now)
				must(d.Truncate("f", int64(from)))
				m.data = resize(now, int64(from))
			}
			for s := from / 2; s*2 < to && from < to; s++ {
				m.wrote[s] = true
			}
			moments = append(moments, m)
		}
		var got []string
		for im := range d.CrashStates() {
			data, _ := im.Read("f")
			got = append(got, string(data))
		}
		slices.Sort(got)
		require.Equal(t, left(d.live["f"], moments), got)
	})
}
