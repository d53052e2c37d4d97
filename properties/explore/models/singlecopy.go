package models

import (
	"phoenix/network"
	"phoenix/properties/explore"
)

// SingleCopy returns the model of registers that know nothing of each other: with one
// server it is linearizable on a network that does not duplicate, and with more it is not.
// That is its only bug, without a name. It panics if h makes no sense.
func SingleCopy(h Harness) explore.Model {
	return h.model("single-copy", nil, func(ep *network.Endpoint) network.Handler { return &singleCopy{ep: ep} })
}

type singleCopy struct {
	ep    *network.Endpoint
	value value
}

// Receive answers at once.
func (s *singleCopy) Receive(from network.ID, msg any) {
	switch m := msg.(type) {
	case put:
		s.value = m.Value
		s.ep.Send(from, putOK{m.Request})
	case get:
		s.ep.Send(from, getOK{m.Request, s.value})
	}
}
