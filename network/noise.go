package network

import (
	"fmt"
	"time"

	"phoenix/sim"
)

// NoiseKind is one of the things that noise does to a message.
type NoiseKind uint8

// The kinds of noise, in the order in which a message meets them.
const (
	Lost      NoiseKind = iota + 1 // it is lost
	Corrupted                      // it is changed by the function of OnCorrupt, or lost where there is none
	Delayed                        // it travels longer; on an Ordered link later ones wait for it
	Held                           // it is held back: nothing waits for it, others overtake it
	Copied                         // a second copy of it travels
)

var noiseNames = [...]string{
	Lost: "lost", Corrupted: "corrupted", Delayed: "delayed", Held: "held", Copied: "copied",
}

// String returns the name of k, such as "lost".
func (k NoiseKind) String() string {
	if k >= Lost && k <= Copied {
		return noiseNames[k]
	}
	return fmt.Sprintf("noise(%d)", uint8(k))
}

// KindOfNoise returns the kind that String names so.
func KindOfNoise(name string) (NoiseKind, bool) {
	for k := Lost; k <= Copied; k++ {
		if noiseNames[k] == name {
			return k, true
		}
	}
	return 0, false
}

// NoiseEvent tells of one thing that noise did to one message. Strike with its
// MessageFault does the same in a run without that noise.
type NoiseEvent struct {
	MessageFault
	At      sim.Time // when the message was sent
	Message uint64   // the number that its events have
	// Source is "loss", "corrupt", "reorder" or "duplicate" for the model of the
	// link, "disturbance NAME", or "message fault".
	Source string
}

// OnNoise has fn called for each thing that noise does to a message, as the message
// is sent: what the models of links and disturbances draw, and message faults. Delays
// by a model (its Delay, its Bandwidth) are not noise, nor are partitions, clogs and
// betrayals. A run that has these message faults instead of noise, and otherwise the
// same seed, delays, faults and choices, has the same deliveries at the same times.
// fn must not change the world. A second call adds another observer. Without observers
// it costs nothing.
func (n *Network) OnNoise(fn func(NoiseEvent)) { n.onNoise = append(n.onNoise, fn) }

// tell informs the observers of noise.
func (n *Network) tell(f *flight, kind NoiseKind, by time.Duration, source string) {
	if len(n.onNoise) == 0 {
		return
	}
	e := NoiseEvent{
		MessageFault: MessageFault{f.link.from, f.link.to, f.index + 1, kind, by},
		At:           n.w.Now(), Message: f.id, Source: source,
	}
	for _, fn := range n.onNoise {
		fn(e)
	}
}
