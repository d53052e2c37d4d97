package network

import (
	"fmt"
	"slices"
	"time"

	"phoenix/sim"
)

// Noise is what a disturbance adds to what the models of links do. The zero value
// adds nothing.
type Noise struct {
	Loss      Prob `json:"loss,omitempty"`      // of each message, independently
	Duplicate Prob `json:"duplicate,omitempty"` // of a second copy, with a delay of its own
	Reorder   Prob `json:"reorder,omitempty"`   // of being held back
	Corrupt   Prob `json:"corrupt,omitempty"`   // of being changed, or lost: see OnCorrupt
	// Delay is added to that of the link.
	Delay Delay `json:"delay,omitempty"`
	// ReorderBy is how long reordered messages are held back; its zero value means
	// four times another sample of the link's Delay, as in Link.
	ReorderBy Delay `json:"reorder_by,omitempty"`
	// Bandwidth in bytes a second is of a bottleneck behind that of the link; 0 is
	// unlimited.
	Bandwidth int64 `json:"bandwidth,omitempty"`
	// Queue is how many bytes may wait for Bandwidth; 0 means DefaultQueue.
	Queue int64 `json:"queue,omitempty"`
}

func (x *Noise) check() {
	for _, p := range []Prob{x.Loss, x.Duplicate, x.Reorder, x.Corrupt} {
		if p > Certain {
			panic(fmt.Sprintf("network: a probability of a disturbance is %d of 2^32", p))
		}
	}
	if x.Bandwidth < 0 || x.Queue < 0 {
		panic("network: the bandwidth or queue of a disturbance is negative")
	}
}

// Disturbance is noise that is in force on some links until it ends.
type Disturbance struct {
	Tally
	n      *Network
	name   string
	source string
	noise  Noise
	links  []*link
	ended  bool
}

// Disturb lays noise over the links of c, from the next message on. Their models
// stay as they are, and draw what they would have drawn; the noise draws from the
// link, the name of the disturbance and the number of the message. So one disturbance
// more or less leaves alone all that the others decide. Several may be in force at
// once; two of one name on one link have the same draws. A message meets the model
// first, then disturbances in order of their beginning, then message faults.
//
// The counter of the world is "disturbance NAME". Disturb panics if c mentions an
// unknown node, or noise is not valid.
func (n *Network) Disturb(name string, c Cut, noise Noise) *Disturbance {
	noise.check()
	d := &Disturbance{n: n, name: name, source: "disturbance " + name, noise: noise}
	d.count = n.w.FaultCount(d.source)
	for _, pair := range c {
		l := n.link(pair[0], pair[1])
		o := l.overlaid()
		if k := len(o.disturbed); k > 0 && o.disturbed[k-1].d == d {
			continue // c has the link twice
		}
		d.links = append(d.links, l)
		o.disturbed = append(o.disturbed, &disturbed{d: d, link: l, key: l.key.Sub("disturbance").Sub(name)})
	}
	n.begin(d)
	n.emitFault(fmt.Sprintf("%s begins on %d links", d.source, len(d.links)))
	return d
}

// Noise returns what d adds.
func (d *Disturbance) Noise() Noise { return d.noise }

// Ended reports whether d has ended.
func (d *Disturbance) Ended() bool { return d.ended }

// End ends the disturbance: messages sent from now on do not meet it. Ending again
// does nothing.
func (d *Disturbance) End() {
	if d.ended {
		return
	}
	d.ended = true
	d.n.end(d)
	d.n.emitFault(d.source + " ends")
	for _, l := range d.links {
		l.over.disturbed = slices.DeleteFunc(l.over.disturbed, func(x *disturbed) bool { return x.d == d })
		l.uncover()
	}
}

// disturbed is a disturbance on one link.
type disturbed struct {
	d    *Disturbance
	link *link
	key  sim.Key
	idle sim.Time // when its bandwidth is free again
}

// The draws of a disturbance for a message, by position in the stream.
const (
	noiseLoss    = iota // high half: loss; low half: duplication
	noiseCorrupt        // high half: reordering; low half: corruption
	noiseDelay          // the added delay
	noiseExtra          // extra delay of reordering
	noiseCopy           // delay of the second copy
	noiseDraws
)

// foresee adds what the disturbance does to f, in the order of NoiseKind.
func (x *disturbed) foresee(f *flight, size int, e []effect) []effect {
	n, noise, model := x.d.n, &x.d.noise, x.link.model
	var draw [noiseDraws]uint64
	x.key.Seed(&n.src, f.index)
	for i := range draw {
		draw[i] = n.src.Uint64()
	}
	add := func(kind NoiseKind, by time.Duration) {
		e = append(e, effect{kind: kind, by: by, tally: &x.d.Tally, source: x.d.source})
	}
	if noise.Loss.Hit(uint32(draw[noiseLoss] >> 32)) {
		add(Lost, 0)
	}
	if noise.Bandwidth > 0 {
		if x.full(n.w.Now()) {
			add(Lost, 0)
			e[len(e)-1].full = true
		}
		add(Delayed, 0)
		e[len(e)-1].bottleneck, e[len(e)-1].size = x, size
	}
	if noise.Corrupt.Hit(uint32(draw[noiseCorrupt])) {
		add(Corrupted, 0)
	}
	if by := noise.Delay.Sample(draw[noiseDelay]); by > 0 {
		add(Delayed, by)
	}
	if noise.Reorder.Hit(uint32(draw[noiseCorrupt] >> 32)) {
		as := Link{Delay: model.Delay, ReorderBy: noise.ReorderBy}
		add(Held, as.extra(draw[noiseExtra]))
	}
	if noise.Duplicate.Hit(uint32(draw[noiseLoss])) {
		add(Copied, model.Delay.Sample(draw[noiseCopy]))
		e[len(e)-1].fresh = true
	}
	return e
}

// full reports whether too many bytes wait for the bottleneck.
func (x *disturbed) full(now sim.Time) bool {
	return x.idle > now && overfull(x.idle.Sub(now), x.d.noise.Bandwidth, x.d.noise.Queue)
}

// sendOff returns when the last byte of a message that comes at a time has passed
// the bottleneck.
func (x *disturbed) sendOff(at sim.Time, size int) sim.Time {
	x.idle = max(at, x.idle).Add(time.Duration(muldiv(uint64(size), 1e9, uint64(x.d.noise.Bandwidth))))
	return x.idle
}
