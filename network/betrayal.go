package network

import (
	"fmt"
	"slices"

	"phoenix/sim"
)

// Deceit is a way in which a Byzantine host departs from its protocol (Lamport,
// Shostak, Pease, "The Byzantine generals problem", ACM TOPLAS 4(3), 1982). Its code
// is unchanged: its messages are, as they leave.
type Deceit uint8

// The ways to deceive. Messages of one type that a host sends at one instant, the
// i-th to each receiver, are taken for one broadcast.
const (
	// Equivocate tells two stories: some receivers of a broadcast get what was sent,
	// the others get one other content. What goes to one receiver alone is left alone,
	// unless Betrayal.To says who gets the other story.
	Equivocate Deceit = iota + 1
	// Lie tells all receivers of a broadcast one other content.
	Lie
	// Silence does not send a message.
	Silence
	// Replay sends an earlier message to the same receiver once more, besides.
	Replay
	// Garble changes each message at random, on its own.
	Garble
)

var deceitNames = [...]string{
	Equivocate: "equivocate", Lie: "lie", Silence: "silence", Replay: "replay", Garble: "garble",
}

// String returns the name of d, such as "lie".
func (d Deceit) String() string {
	if d >= Equivocate && d <= Garble {
		return deceitNames[d]
	}
	return fmt.Sprintf("deceit(%d)", uint8(d))
}

// DeceitOf returns the deceit that String names so.
func DeceitOf(name string) (Deceit, bool) {
	for d := Equivocate; d <= Garble; d++ {
		if deceitNames[d] == name {
			return d, true
		}
	}
	return 0, false
}

// change tells what changed a message on its way, or that its sender kept it back.
type change uint8

const (
	corruptedByModel change = iota + 1
	corrupted
	equivocated
	lied
	replayed
	garbled
	silenced
	unchangeable

	keptBack = silenced // the first that never leaves
)

var changeNames = [...]string{
	corruptedByModel: "corrupted", corrupted: "corrupted", equivocated: "equivocated", lied: "lied",
	replayed: "replayed", garbled: "garbled", silenced: "silence", unchangeable: "unchangeable",
}

// String returns what an event says of the message.
func (c change) String() string { return changeNames[c] }

// Betrayal says how a host betrays the others. The zero value is not valid.
type Betrayal struct {
	Deceit Deceit
	Prob   Prob // of each message; of each broadcast for Equivocate and Lie
	To     []ID // those that are deceived; none means everybody
}

// Treason is a betrayal that is in force until it ends.
type Treason struct {
	Tally
	n     *Network
	name  string
	host  ID
	b     Betrayal
	past  past
	now   instant
	ended bool
}

// Betray turns a host into a traitor, from its next message on. The Send event of a
// message still tells what its code sent; the Deliver event of a changed one has what
// arrived as its Value, and as its Name "equivocated", "lied", "replayed" or "garbled";
// the Drop of one kept back is "silence". Messages to itself are left alone.
//
// The content is changed by the function of OnCorrupt for its type if there is one;
// else replaced by another one that the host sent since, in a message of the same type;
// else an exported number, string or bool in it, found by reflection, is changed in a
// copy; else the message is dropped as "unchangeable". Of a Request or Response without
// a function of its own the Body is changed, and it goes on to match its call.
//
// What is drawn depends on the link, the name of the betrayal and the number of the
// message, and for a broadcast on those of its first message. A message not sent keeps
// its number, so that the noise of the others stays. Several betrayals of a host act one
// after another. The counter of the world is "betrayal NAME". Betray panics if b is not
// valid or there is no such node.
func (n *Network) Betray(name string, host ID, b Betrayal) *Treason {
	if b.Deceit < Equivocate || b.Deceit > Garble || b.Prob > Certain {
		panic(fmt.Sprintf("network: the betrayal %s is %v with probability %d of 2^32", name, b.Deceit, b.Prob))
	}
	for _, id := range append([]ID{host}, b.To...) {
		if !n.has(id) {
			panic(fmt.Sprintf("network: the betrayal %s names %s, which is no node", name, n.w.HostName(id)))
		}
	}
	b.To = slices.Clone(b.To)
	t := &Treason{n: n, name: name, host: host, b: b}
	t.count = n.w.FaultCount("betrayal " + name)
	for len(n.treasons) <= int(host) {
		n.treasons = append(n.treasons, nil)
	}
	n.treasons[host] = append(n.treasons[host], t)
	n.begin(t)
	n.emitFault(fmt.Sprintf("betrayal %s of %s begins: %s", name, n.w.HostName(host), b.Deceit))
	return t
}

// Ended reports whether the betrayal has ended.
func (t *Treason) Ended() bool { return t.ended }

// End makes the host honest again. Ending again does nothing.
func (t *Treason) End() {
	if t.ended {
		return
	}
	t.ended = true
	n := t.n
	n.end(t)
	n.emitFault(fmt.Sprintf("betrayal %s of %s ends", t.name, n.w.HostName(t.host)))
	n.treasons[t.host] = slices.DeleteFunc(n.treasons[t.host], func(other *Treason) bool { return other == t })
}

// betray has the betrayals of its sender act on f.
func (n *Network) betray(f *flight) {
	l := f.link
	if int(l.from) >= len(n.treasons) || l.from == l.to {
		return
	}
	for _, t := range n.treasons[l.from] {
		if f.changed < keptBack {
			t.act(f)
		}
	}
}

// act deceives the receiver of f if so drawn.
func (t *Treason) act(f *flight) {
	to := f.link.to
	own := f.link.key.Sub("betrayal").Sub(t.name).Num(f.index)
	said := t.past.add(t.n.w, f)
	cast := t.now.place(t.n.w.Now(), said, to, own)
	if len(t.b.To) > 0 && !slices.Contains(t.b.To, to) {
		return
	}
	switch t.b.Deceit {
	case Silence:
		if t.hit(own) {
			t.strike()
			f.changed = silenced
		}
	case Replay:
		if t.hit(own) {
			t.replay(f, own)
		}
	case Garble:
		if t.hit(own) {
			t.change(f, said, &broadcast{key: own}, garbled)
		}
	case Lie:
		if t.hit(cast.key) {
			t.change(f, said, cast, lied)
		}
	case Equivocate:
		if t.hit(cast.key) && t.other(cast, own) {
			t.change(f, said, cast, equivocated)
		}
	}
}

func (t *Treason) hit(k sim.Key) bool { return t.b.Prob.Hit(uint32(k.Sub("hit").Uint64())) }

// other decides whether a receiver of a broadcast gets the other story: never the
// first and always the second, so that there are two.
func (t *Treason) other(c *broadcast, own sim.Key) bool {
	return len(t.b.To) > 0 || c.rank == 1 || c.rank > 1 && own.Sub("side").Below(2) == 1
}

// change gives f the other content of a broadcast.
func (t *Treason) change(f *flight, said word, cast *broadcast, what change) {
	n, sent := t.n, f.msg
	cast.key.Sub("content").Seed(&n.src, 0)
	msg, ok := t.falsify(said, cast)
	if !ok {
		t.strike()
		f.changed = unchangeable
		return
	}
	f.msg = msg
	n.resum(f, sent)
	n.touch(f, &t.Tally)
	f.changed = what
}

// replay puts an earlier message to the receiver of f under way again.
func (t *Treason) replay(f *flight, own sim.Key) {
	n, l := t.n, f.link
	earlier := t.past.flights[l.to]
	earlier = earlier[:len(earlier)-1] // without f itself
	if len(earlier) == 0 || len(l.cuts) > 0 {
		return
	}
	old := earlier[own.Sub("which").Below(len(earlier))]
	old.changed = replayed
	at := n.w.Now().Add(l.model.Delay.Sample(own.Sub("delay").Uint64()))
	t.fire()
	n.repeat(&old, at, copiedByFault, []*Tally{&t.Tally})
}
