package gen

import (
	"time"

	"phoenix/sim/disk"

	"pgregory.net/rapid"
)

// Disks draws configurations of disks, without a budget: the zero value first, then
// slow ones, then an ext4-like one with small sectors and little room. Capacity is
// the least that a small disk has; 0 draws none that are full one day.
func Disks(capacity int64) *rapid.Generator[disk.Config] {
	return rapid.Custom(func(t *rapid.T) disk.Config {
		c := disk.Config{Sync: latency(t, 10), Write: latency(t, 1)}
		c.Model = pick(t, disk.Strict, disk.Ext4)
		c.Sector = pick(t, 0, 512, 64, 4096)
		if capacity > 0 && coin(t) {
			c.Capacity = capacity * int64(between(t, 1, 10))
		}
		return c
	})
}

// latency draws how long an operation takes: up to most milliseconds, in tenths.
func latency(t *rapid.T, most int) disk.Latency {
	l := disk.Latency{Min: time.Duration(below(t, 10*most)) * time.Millisecond / 10}
	if coin(t) {
		l.Max = l.Min + time.Duration(below(t, 10*most))*time.Millisecond/10
	}
	return l
}
