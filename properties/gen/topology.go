package gen

import (
	"fmt"
	"phoenix/properties/scenario"

	"pgregory.net/rapid"
)

// Topology is who is there, and where.
type Topology struct {
	Servers, Clients int
	// Regions places the servers s1, s2, … and the clients c1, c2, …; nil places
	// nobody.
	Regions *scenario.Regions
}

// Names returns the names of the hosts.
func (p Topology) Names() (servers, clients []string) {
	for i := range p.Servers {
		servers = append(servers, fmt.Sprintf("s%d", i+1))
	}
	for i := range p.Clients {
		clients = append(clients, fmt.Sprintf("c%d", i+1))
	}
	return servers, clients
}

// Topologies draws topologies with so many servers and clients: the least first, in
// no regions first.
func Topologies(servers, clients Range) *rapid.Generator[Topology] {
	return rapid.Custom(func(t *rapid.T) Topology {
		p := Topology{Servers: between(t, servers.Min, servers.Max), Clients: between(t, clients.Min, clients.Max)}
		if coin(t) {
			s, c := p.Names()
			p.Regions = regions(t, append(s, c...))
		}
		return p
	})
}

// Range is a range of numbers, both ends included.
type Range struct{ Min, Max int }

// regions draws two or three regions, and latencies within and between them.
func regions(t *rapid.T, hosts []string) *scenario.Regions {
	names := []string{"east", "west", "north"}[:between(t, 2, 3)]
	r := &scenario.Regions{Hosts: map[string][]string{}}
	for _, n := range names {
		r.Hosts[n] = nil
	}
	for _, h := range hosts {
		n := pick(t, names...)
		r.Hosts[n] = append(r.Hosts[n], h)
	}
	for i, a := range names {
		for _, b := range names[i:] {
			most := DefaultDelay
			if a == b {
				most /= 4
			}
			r.Latency = append(r.Latency, scenario.Latency{Between: [2]string{a, b}, Delay: Delays(most).Draw(t, "latency")})
		}
	}
	return r
}
