package network

import (
	"reflect"
	"slices"

	"phoenix/sim"

	"github.com/zeebo/xxh3"
)

// What a traitor remembers of what its host sent: so many messages to each receiver,
// and so many different contents of each type, the last ones.
const (
	pastFlights  = 32
	pastContents = 32
)

// past is what the host of a traitor has sent since its betrayal began.
type past struct {
	flights  map[ID][]flight
	contents map[reflect.Type][]word // all different
}

// word is the content of a message: what is in it if it is a Request or Response.
type word struct {
	msg  any // the message itself
	body any // what may be replaced, msg itself or its Body
	sum  uint64
}

func wordOf(w *sim.World, msg any) word {
	said := word{msg: msg, body: msg}
	switch m := msg.(type) {
	case Request:
		said.body = m.Body
	case Response:
		said.body = m.Body
	}
	said.sum = xxh3.Hash(w.Encode(said.body))
	return said
}

// with returns the message of said with another body.
func (said *word) with(body any) any {
	switch m := said.msg.(type) {
	case Request:
		return Request{m.ID, body}
	case Response:
		return Response{m.ID, body}
	}
	return body
}

// add remembers f, and returns its content.
func (p *past) add(w *sim.World, f *flight) word {
	said := wordOf(w, f.msg)
	if p.flights == nil {
		p.flights, p.contents = map[ID][]flight{}, map[reflect.Type][]word{}
	}
	to := f.link.to
	p.flights[to] = append(lastOf(p.flights[to], pastFlights), *f)
	t := reflect.TypeOf(said.body)
	for _, known := range p.contents[t] {
		if known.sum == said.sum {
			return said
		}
	}
	p.contents[t] = append(lastOf(p.contents[t], pastContents), said)
	return said
}

// lastOf makes room for one more at the end of at most limit.
func lastOf[T any](all []T, limit int) []T {
	if len(all) == limit {
		all = all[:copy(all, all[1:])]
	}
	return all
}

// instant tells the broadcasts of a host at one time from each other.
type instant struct {
	at    sim.Time
	casts []broadcast
}

// broadcast is a group of messages with one content, more or less.
type broadcast struct {
	body reflect.Type
	to   []ID
	rank int     // of the receiver that was placed last, from 0
	key  sim.Key // of its first message

	// The lie that its receivers are told instead of the body with a sum, once one was.
	lied bool
	sum  uint64
	lie  any
}

// place returns the broadcast that a message belongs to: the first of its type at
// this instant that has not gone to its receiver. It is valid until the next call.
func (s *instant) place(at sim.Time, said word, to ID, own sim.Key) *broadcast {
	if at != s.at {
		s.at, s.casts = at, s.casts[:0]
	}
	t := reflect.TypeOf(said.body)
	for i := range s.casts {
		if c := &s.casts[i]; c.body == t && !slices.Contains(c.to, to) {
			c.rank = len(c.to)
			c.to = append(c.to, to)
			return c
		}
	}
	s.casts = append(s.casts, broadcast{body: t, to: []ID{to}, key: own})
	return &s.casts[len(s.casts)-1]
}
