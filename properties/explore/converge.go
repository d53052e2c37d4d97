package explore

import (
	"bytes"
	"fmt"

	"phoenix/network"
)

// Converged claims of every state at rest that all of the named nodes that are up have
// equal values: that replicas which have heard of the same updates show the same (strong
// eventual consistency; Shapiro, Preguiça, Baquero and Zawirski, "Conflict-free replicated
// data types", SSS 2011, section 2). Values are equal if they have equal contents, maps in
// whatever order; value returns what is to be compared, such as the set that a replica
// shows and not the clock that it shows it by. No nodes means all. A value that cannot be
// encoded violates the claim. In a model that never comes to rest it is Inconclusive.
func Converged(name string, value func(h network.Handler) any, nodes ...network.ID) Property {
	p := AtRest(name, func(s *State) error {
		among := nodes
		if len(among) == 0 {
			for host := range s.sys.hosts {
				among = append(among, s.sys.id(host))
			}
		}
		first := network.ID(-1)
		var before any
		var content []byte
		for _, id := range among {
			h := s.Node(id)
			if h == nil {
				continue
			}
			v := value(h)
			now, err := encode(nil, v)
			if err != nil {
				return fmt.Errorf("the value of %s: %w", s.sys.name(id), err)
			}
			if first < 0 {
				first, before, content = id, v, now
			} else if !bytes.Equal(content, now) {
				w := words{name: s.sys.name}
				return fmt.Errorf("%s has %s, but %s has %s", s.sys.name(first), w.say(before), s.sys.name(id), w.say(v))
			}
		}
		return nil
	})
	p.needsRest = true
	return p
}
