package disk

import (
	"bytes"
	"fmt"
	"maps"
	"testing"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A plain is a file system as simple as can be, for comparison: the whole directory
// and the whole files as they were after each operation.
type plain struct {
	now     map[string]int   // from names to files
	content map[int][]byte   // as programs see them
	past    map[int][][]byte // what a file has been since its last sync, the first of it durable
	dirs    []map[string]int // what the directory has been since its last sync, ditto
	files   int
	model   Model
}

func newPlain(m Model) *plain {
	return &plain{now: map[string]int{}, content: map[int][]byte{}, past: map[int][][]byte{},
		dirs: []map[string]int{{}}, model: m}
}

func (p *plain) moved() { p.dirs = append(p.dirs, maps.Clone(p.now)) }

func (p *plain) set(name string, data []byte) {
	f, ok := p.now[name]
	if !ok {
		p.files++
		f = p.files
		p.now[name] = f
		p.past[f] = [][]byte{nil}
		p.moved()
	}
	p.content[f] = data
	p.past[f] = append(p.past[f], bytes.Clone(data))
}

func (p *plain) sync(name string) {
	f := p.now[name]
	p.past[f] = [][]byte{bytes.Clone(p.content[f])}
	if p.model == Ext4 {
		p.syncDir()
	}
}

func (p *plain) syncDir() { p.dirs = p.dirs[len(p.dirs)-1:] }

// allows returns why an image cannot be what a crash has left; "" if it can. A sector
// holds what it held at some time since the last sync, a file has a size that it had,
// or with Ext4 ends at a sector, and a name stands for a file that it stood for.
func (p *plain) allows(im Image, sector int) (string, map[string]int) {
	for _, dir := range p.dirs {
		if p.model == Ext4 {
			if why, dir := p.fits(im, sector, []map[string]int{dir}); why == "" {
				return "", dir
			}
		}
	}
	if p.model == Ext4 {
		return "no directory that there was fits", nil
	}
	return p.fits(im, sector, p.dirs)
}

// fits compares an image to directories, of which each entry is one's.
func (p *plain) fits(im Image, sector int, dirs []map[string]int) (string, map[string]int) {
	got := map[string]int{}
	for _, dir := range dirs {
		for name := range dir {
			if _, ok := im.Read(name); !ok && everywhere(name, dirs) {
				return name + " is gone", nil
			}
		}
	}
	for _, file := range im.Files {
		why := "there never was " + file.Name
		for _, dir := range dirs {
			if f, ok := dir[file.Name]; ok && why != "" {
				if why = p.was(f, file, sector); why == "" {
					got[file.Name] = f
				}
			}
		}
		if why != "" {
			return why, nil
		}
	}
	return "", got
}

func everywhere(name string, dirs []map[string]int) bool {
	for _, dir := range dirs {
		if _, ok := dir[name]; !ok {
			return false
		}
	}
	return true
}

// was returns why file cannot be what is left of f.
func (p *plain) was(f int, file File, sector int) string {
	past := p.past[f]
	size, longest := false, 0
	for _, data := range past {
		size = size || len(data) == len(file.Data)
		longest = max(longest, len(data))
	}
	if !size && (p.model == Strict || len(file.Data)%sector != 0 || len(file.Data) > longest) {
		return fmt.Sprintf("%s never had %d B", file.Name, len(file.Data))
	}
	for from := 0; from < len(file.Data); from += sector {
		to := min(from+sector, len(file.Data))
		ok := p.model == Strict && from >= (len(past[0])+sector-1)/sector*sector // garbage
		for _, data := range past {
			was := make([]byte, to-from)
			if from < len(data) {
				copy(was, data[from:])
			}
			ok = ok || bytes.Equal(was, file.Data[from:to])
		}
		if !ok {
			return fmt.Sprintf("sector %d of %s never was %q", from/sector, file.Name, file.Data[from:to])
		}
	}
	return ""
}

// crashed takes an image for what is durable.
func (p *plain) crashed(im Image, files map[string]int) {
	q := newPlain(p.model)
	for _, file := range im.Files {
		q.set(file.Name, bytes.Clone(file.Data))
		q.past[q.now[file.Name]] = [][]byte{bytes.Clone(file.Data)}
	}
	q.dirs = []map[string]int{maps.Clone(q.now)}
	*p = *q
}

// A disk is a map from names to bytes; and after a crash it holds what a file system
// that remembers everything says it may.
func TestADiskIsAMapAndACrashLeavesWhatItMay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Model(rapid.IntRange(0, 1).Draw(t, "model"))
		w := sim.New(sim.Config{Seed: rapid.Uint64().Draw(t, "seed")})
		defer w.Close()
		h := w.AddHost("a", nil)
		d := NewArray(w, Config{Model: m, Sector: 4}).Disk(h)
		w.Run(sim.Limit{})
		p := newPlain(m)
		name := rapid.SampledFrom([]string{"a", "b", "c"})
		data := func(t *rapid.T) []byte { return rapid.SliceOfN(rapid.ByteRange('a', 'z'), 1, 10).Draw(t, "data") }
		some := func(t *rapid.T) (string, int, bool) {
			n := name.Draw(t, "name")
			f, ok := p.now[n]
			return n, f, ok
		}
		done := func(err error) { require.NoError(t, err) }
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				n, f, _ := some(t)
				b := data(t)
				require.NoError(t, d.Append(n, b))
				p.set(n, append(bytes.Clone(p.content[f]), b...))
			},
			"write": func(t *rapid.T) {
				n, f, _ := some(t)
				b, off := data(t), rapid.IntRange(0, 12).Draw(t, "off")
				require.NoError(t, d.WriteAt(n, b, int64(off)))
				now := resize(bytes.Clone(p.content[f]), int64(max(len(p.content[f]), off+len(b))))
				copy(now[off:], b)
				p.set(n, now)
			},
			"truncate": func(t *rapid.T) {
				if n, f, ok := some(t); ok {
					size := rapid.Int64Range(0, 12).Draw(t, "size")
					require.NoError(t, d.Truncate(n, size))
					p.set(n, resize(bytes.Clone(p.content[f]), size))
				}
			},
			"rename": func(t *rapid.T) {
				n, f, ok := some(t)
				if to := name.Draw(t, "to"); ok && to != n {
					require.NoError(t, d.Rename(n, to))
					delete(p.now, n)
					p.now[to] = f
					p.moved()
				}
			},
			"remove": func(t *rapid.T) {
				if n, _, ok := some(t); ok {
					require.NoError(t, d.Remove(n))
					delete(p.now, n)
					p.moved()
				}
			},
			"sync": func(t *rapid.T) {
				if n, _, ok := some(t); ok {
					d.Sync(n, done)
					w.Run(sim.Limit{})
					p.sync(n)
				}
			},
			"sync the directory": func(t *rapid.T) {
				d.SyncDir(done)
				w.Run(sim.Limit{})
				p.syncDir()
			},
			"crash": func(t *rapid.T) {
				n := 0
				for im := range d.CrashStates() {
					why, _ := p.allows(im, 4)
					require.Empty(t, why)
					if n++; n > 200 {
						break
					}
				}
				h.Crash()
				h.Restart()
				why, files := p.allows(d.Image(), 4)
				require.Empty(t, why)
				p.crashed(d.Image(), files)
			},
			"": func(t *rapid.T) {
				want := Image{}
				for _, n := range sorted(p.now) {
					want.Files = append(want.Files, File{n, p.content[p.now[n]]})
				}
				require.Equal(t, string(want.append(nil)), string(d.Image().append(nil)))
			},
		})
	})
}
