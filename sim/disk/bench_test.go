package disk

import (
	"strings"
	"testing"

	"phoenix/sim"
)

// bench returns a world with a disk whose host is up.
func bench(b *testing.B, cfg Config) (*sim.World, *Disk) {
	w := sim.New(sim.Config{})
	b.Cleanup(w.Close)
	h := w.AddHost("a", nil)
	d := NewArray(w, cfg).Disk(h)
	w.Run(sim.Limit{})
	b.ReportAllocs()
	return w, d
}

// A record of 24 bytes is appended and synced, in a log that is cut now and then.
func BenchmarkAppendAndSync(b *testing.B) {
	for _, m := range models {
		b.Run(m.String(), func(b *testing.B) {
			w, d := bench(b, Config{Model: m})
			record := []byte(strings.Repeat("x", 24))
			done := must
			for n := 0; b.Loop(); n++ {
				if n%4096 == 0 {
					must(d.Create("log"))
					must(d.Truncate("log", 0))
				}
				must(d.Append("log", record))
				d.Sync("log", done)
				w.Run(sim.Limit{})
			}
		})
	}
}

// A record is appended, and no more: a write is an event.
func BenchmarkAppend(b *testing.B) {
	w, d := bench(b, Config{})
	record := []byte(strings.Repeat("x", 24))
	for n := 0; b.Loop(); n++ {
		must(d.Append("log", record))
		if n%256 == 255 {
			must(d.Truncate("log", 0))
			d.Sync("log", nil)
			w.Run(sim.Limit{})
		}
	}
}

func BenchmarkReadAt(b *testing.B) {
	_, d := bench(b, Config{})
	must(d.WriteAt("log", make([]byte, 1<<16), 0))
	p := make([]byte, 24)
	for n := int64(0); b.Loop(); n++ {
		_, err := d.ReadAt("log", p, n*24%(1<<15))
		must(err)
	}
}

// A host crashes that has 16 records of 24 bytes unsynced in a log of 16 KiB.
func BenchmarkCrash(b *testing.B) {
	w, d := bench(b, Config{})
	must(d.WriteAt("log", make([]byte, 1<<14), 0))
	d.Sync("log", nil)
	d.SyncDir(nil)
	w.Run(sim.Limit{})
	record := []byte(strings.Repeat("x", 24))
	for n := int64(0); b.Loop(); n++ {
		for i := range int64(16) {
			must(d.WriteAt("log", record, (n+i)*24%(1<<13)))
		}
		d.Host().Crash()
		d.Host().Restart()
	}
}

// All crash states of a small run.
func BenchmarkEnumerate(b *testing.B) {
	b.ReportAllocs()
	states := 0
	for b.Loop() {
		c := counter{snapshots: 2}
		count, err := Enumerate(Config{Sector: 4}, 0, c.run, func(Crash) bool { return true })
		must(err)
		states += count.States
	}
	b.ReportMetric(float64(states)/b.Elapsed().Seconds(), "states/s")
}
