package traces

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/zeebo/xxh3"
)

// draft is all that a run is made from.
type draft struct {
	seed    uint64
	cfg     scenario.Config
	scripts [][]nodes.Op
	picks   []sim.Pick
}

func draftOf(f *Failure) *draft {
	seed, picks, scripts := f.parts()
	return (&draft{seed, f.Config, scripts, picks}).clone()
}

// clone returns a copy that shares nothing that is changed.
func (d *draft) clone() *draft {
	c := *d
	c.cfg.Faults = slices.Clone(d.cfg.Faults)
	for i := range c.cfg.Faults {
		f := &c.cfg.Faults[i]
		f.On.Of, f.To.Of = slices.Clone(f.On.Of), slices.Clone(f.To.Of)
		f.Groups = slices.Clone(f.Groups)
		for j := range f.Groups {
			f.Groups[j].Of = slices.Clone(f.Groups[j].Of)
		}
	}
	c.scripts = make([][]nodes.Op, len(d.scripts))
	for i, script := range d.scripts {
		c.scripts[i] = slices.Clone(script)
	}
	c.picks = slices.Clone(d.picks)
	return &c
}

// fingerprint stands for a draft in the memory, which has thousands, some of them long.
type fingerprint [16]byte

// key returns what is the same for the same run, and for no other one in practice.
func (d *draft) key() fingerprint {
	cfg := d.cfg
	regions := scenario.Regions{}
	if cfg.Regions != nil {
		regions, cfg.Regions = *cfg.Regions, nil
	}
	h := xxh3.New()
	fmt.Fprintf(h, "%x %+v %+v %v %v", d.seed, cfg, regions, d.scripts, d.picks)
	return h.Sum128().Bytes()
}

// measure says how large a draft is: the first number that differs decides.
type measure [7]uint64

// larger reports whether t is larger than u.
func (t *trial) larger(u *trial) bool {
	return slices.Compare(u.measure[:], t.measure[:]) < 0
}

// noiseWeight is how many faults a noise counts for: nobody sees which messages it
// concerns, so a few that are named are better.
const noiseWeight = 3

// measure returns how large d is if its run has so many events.
func (d *draft) measure(events uint64) measure {
	noisy, plain := d.noises()
	if delay := &d.cfg.Links.Delay; delay.Min() != delay.Max() {
		plain++
	}
	return measure{
		uint64(plain + noiseWeight*noisy), uint64(noisy), uint64(d.operations()), uint64(d.cfg.Servers + d.cfg.Clients),
		uint64(len(d.keys())), d.complexity(), events,
	}
}

// size is what people are told.
func (t *trial) size() Size {
	noisy, plain := t.draft.noises()
	return Size{
		Events: t.events, Faults: noisy + plain, Operations: t.draft.operations(),
		Hosts: t.draft.cfg.Servers + t.draft.cfg.Clients,
	}
}

// noises returns how many kinds of noise there are, those of the plan included, and
// how many other faults.
func (d *draft) noises() (noisy, plain int) {
	l := &d.cfg.Links
	for _, on := range []bool{
		l.Loss > 0, l.Burst != network.GilbertElliott{}, l.Duplicate > 0, l.Reorder > 0, l.Corrupt > 0,
	} {
		if on {
			noisy++
		}
	}
	for i := range d.cfg.Faults {
		if isNoise(&d.cfg.Faults[i]) {
			noisy++
		} else {
			plain++
		}
	}
	return noisy, plain
}

// isNoise reports whether a fault of a plan draws which messages it concerns.
func isNoise(f *chaos.Fault) bool {
	switch f.Kind {
	case chaos.Loss, chaos.Duplicate, chaos.Reorder, chaos.Corrupt:
		return f.Prob < sim.Certain
	}
	return false
}

// operations returns how many operations the clients are to issue, with a read of each
// key in a healed phase.
func (d *draft) operations() int {
	n := 0
	if d.cfg.Heal > 0 {
		n += d.cfg.Workload.Keys
	}
	scripted := 0
	for _, script := range d.scripts {
		scripted += len(script)
	}
	if scripted == 0 { // a scenario whose clients have no scripts
		return n + d.cfg.Workload.Operations*d.cfg.Clients
	}
	return n + scripted
}

// keys returns the keys of the operations, in order of first mention.
func (d *draft) keys() []string {
	var keys []string
	for _, script := range d.scripts {
		for _, op := range script {
			if !slices.Contains(keys, op.Key) {
				keys = append(keys, op.Key)
			}
		}
	}
	return keys
}

// complexity says how much there is to understand in what is left.
func (d *draft) complexity() uint64 {
	c := &d.cfg
	sum := configCost(c)
	for i := range c.Faults {
		sum += faultCost(&c.Faults[i])
	}
	for _, script := range d.scripts {
		for _, op := range script {
			sum += 100*uint64(op.Kind) + cost(op.Wait) + uint64(bits.Len64(uint64(op.Value))) + uint64(len(op.Key))
		}
	}
	for _, p := range d.picks {
		if p.Picked > 0 {
			sum += 50
		}
	}
	return sum
}

// configCost is the part of the configuration besides the faults.
func configCost(c *scenario.Config) uint64 {
	l := &c.Links
	sum := cost(c.Until) + cost(c.Heal) + cost(c.Workload.Timeout) + delayCost(l.Delay) + delayCost(l.ReorderBy)
	for _, on := range []bool{
		c.Regions != nil, c.Racks != nil, c.Interleave, l.Bandwidth > 0, l.Queue > 0, l.Ordered, c.Disk.Capacity > 0,
		c.Disk.Sync.Max > 0, c.Disk.Write.Max > 0, c.Disk.Model > 0, c.Disk.Sector > 0, c.CheckMutation,
	} {
		if on {
			sum += 200
		}
	}
	w := &c.Workload
	sum += uint64(w.Operations+w.Keys) + delayCost(w.Think)
	if w.Reads > 0 {
		sum += 10
	}
	if w.CAS > 0 {
		sum += 10
	}
	return sum
}

// faultCost is what a fault of the plan adds.
func faultCost(f *chaos.Fault) uint64 {
	sum := cost(f.At) + cost(f.For) + cost(f.By) + cost(f.Every) + delayCost(f.Delay) + 5*uint64(len(f.Name))
	for _, t := range append(slices.Clone(f.Groups), f.On, f.To) {
		sum += 50 * uint64(len(t.Of))
		if t.Count > 0 || t.Share > 0 {
			sum += 100
		}
	}
	if f.Prob > 0 && f.Prob < sim.Certain {
		sum += 100
	}
	if f.Kind == chaos.Crash && f.Mode != chaos.KeepNothing { // the others draw what is kept, or say that nothing is lost
		sum += 10
	}
	if f.Kind == chaos.Partition && f.Mode != chaos.Partial && f.Mode != chaos.OneWay {
		sum += 20
	}
	if isMessage(f) {
		return sum + uint64(f.N)
	}
	return sum + uint64(bits.Len64(uint64(max(f.N, -f.N))))
}

// cost of a duration: many digits are worse than a great number, and so is less than a
// millisecond.
func cost(d time.Duration) uint64 {
	n := uint64(max(d, -d))
	fine := uint64(0)
	if n%uint64(time.Millisecond) != 0 {
		fine = 100
	}
	size := uint64(bits.Len64(n / uint64(time.Microsecond)))
	digits := uint64(0)
	for ; n > 0; n /= 10 {
		if digits > 0 || n%10 != 0 {
			digits++
		}
	}
	return 32*digits + size + fine
}

func delayCost(d network.Delay) uint64 {
	if d.Min() != d.Max() {
		return 1000
	}
	return cost(d.Min())
}

// plainer returns durations that are plainer than d, the plainest first.
func plainer(d time.Duration) []time.Duration {
	var all []time.Duration
	add := func(v time.Duration) {
		if cost(v) < cost(d) && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	const ms = time.Millisecond
	for _, v := range []time.Duration{0, ms, 10 * ms, 100 * ms, d / 8, d / 4, d / 2, d} {
		if v <= d {
			add(leading(v, 1, false))
		}
	}
	add(leading(d, 1, true))
	add(leading(d, 2, false))
	add(leading(d, 2, true))
	add(d.Truncate(time.Millisecond))
	add(d.Truncate(time.Millisecond) + time.Millisecond)
	slices.SortStableFunc(all, func(a, b time.Duration) int { return int(cost(a)) - int(cost(b)) })
	return all
}

// leading keeps so many of the first digits of d, the last of which is rounded up or
// down. Durations of minutes and more count in seconds, as they are written.
func leading(d time.Duration, digits int, up bool) time.Duration {
	unit := time.Duration(1)
	for n := d; n >= 10; n /= 10 {
		unit *= 10
	}
	for range digits - 1 {
		unit = max(1, unit/10)
	}
	v := d.Truncate(unit)
	if up && v < d {
		v += unit
	}
	return v
}
