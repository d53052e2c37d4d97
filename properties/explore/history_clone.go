package explore

import (
	"slices"

	"phoenix/network"
)

// Clone implements Cloner.
func (h *History) Clone() Observer {
	c := &History{clients: make(map[network.ID]*client, len(h.clients)), flaw: h.flaw}
	for id, of := range h.clients { // order: each is copied
		c.clients[id] = &client{operations: slices.Clone(of.operations), open: of.open}
	}
	return c
}
