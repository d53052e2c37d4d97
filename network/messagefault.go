package network

import (
	"fmt"
	"slices"
	"time"
)

// MessageFault is a fault of one message, and names it exactly: what noise does at
// random, in a form that can be written down and taken away one by one.
type MessageFault struct {
	From, To ID
	// Number is that of the message on the link between the two: the first that From
	// ever sends to To has number 1. Messages lost on the way count.
	Number uint64
	Kind   NoiseKind
	// By is how much later a message Delayed or Held arrives; for one that is Copied,
	// how long after it was sent the second copy arrives. Others have none.
	By time.Duration
}

// Lose is the fault that loses a message.
func Lose(from, to ID, number uint64) MessageFault { return MessageFault{from, to, number, Lost, 0} }

// Hold is the fault that holds back a message for d.
func Hold(from, to ID, number uint64, d time.Duration) MessageFault {
	return MessageFault{from, to, number, Held, d}
}

// Repeat is the fault that has a second copy of a message arrive, after from when
// the message was sent.
func Repeat(from, to ID, number uint64, after time.Duration) MessageFault {
	return MessageFault{from, to, number, Copied, after}
}

// Strike is a MessageFault that is in force: until its message was sent.
type Strike struct {
	Tally
	n     *Network
	fault MessageFault
	link  *link
}

// Strike puts a fault of one message into force. Its message meets it where it
// would meet the same noise of a disturbance, so that a partition comes first. A
// message that was sent already is not touched any more, and the fault never fires.
// Several faults may strike one message. The counters of the world are "message
// lost", "message held" and so on. It panics if there is no such node, Number is 0,
// Kind is none or By is negative.
func (n *Network) Strike(f MessageFault) *Strike {
	if f.Number == 0 || f.Kind < Lost || f.Kind > Copied || f.By < 0 {
		panic(fmt.Sprintf("network: message fault %+v, expected a number from 1 on, a kind and no negative duration", f))
	}
	l := n.link(f.From, f.To)
	s := &Strike{n: n, fault: f, link: l}
	s.count = n.w.FaultCount("message " + f.Kind.String())
	if f.Number <= l.sent {
		return s
	}
	o := l.overlaid()
	if o.strikes == nil {
		o.strikes = map[uint64][]*Strike{}
	}
	o.strikes[f.Number-1] = append(o.strikes[f.Number-1], s)
	return s
}

// Fault returns what s was made from.
func (s *Strike) Fault() MessageFault { return s.fault }

// End takes the fault out of force if its message was not sent yet.
func (s *Strike) End() {
	o, index := s.link.over, s.fault.Number-1
	if o == nil {
		return
	}
	if rest := slices.DeleteFunc(o.strikes[index], func(t *Strike) bool { return t == s }); len(rest) > 0 {
		o.strikes[index] = rest
	} else {
		delete(o.strikes, index)
	}
	s.link.uncover()
}

// emit puts what s does into the event stream, as it does it.
func (s *Strike) emit() {
	f, name := s.fault, s.n.w.HostName
	s.n.emitFault(fmt.Sprintf("message %d from %s to %s %s", f.Number, name(f.From), name(f.To), s.what()))
}

func (s *Strike) what() string {
	if s.fault.Kind >= Delayed {
		return fmt.Sprintf("%s by %v", s.fault.Kind, s.fault.By)
	}
	return s.fault.Kind.String()
}
