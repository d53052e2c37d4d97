package nodetest

import (
	"fmt"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
)

const (
	clients = 3
	latency = time.Millisecond
	// patience is how long an answer may take, for stores that elect somebody
	// first; silence is how long none must come.
	patience = 10 * time.Second
	silence  = time.Second
)

// cluster is a store with its servers, and clients that do as they are told.
type cluster struct {
	store   Store
	world   *sim.World
	servers []network.ID
	clients []*puppet
	ids     uint64
}

// puppet is a client without a will: it keeps what it receives.
type puppet struct {
	ep      *network.Endpoint
	replies []nodes.Reply
	strange []string // messages that are no replies
	home    int      // the server it asks first
}

func (p *puppet) Receive(from network.ID, msg any) {
	if r, ok := msg.(nodes.Reply); ok {
		p.replies = append(p.replies, r)
		return
	}
	p.strange = append(p.strange, fmt.Sprintf("%T from %s", msg, p.ep.NameOf(from)))
}

func newCluster(s Store) *cluster {
	k := &cluster{store: s, world: sim.New(sim.Config{Seed: 1})}
	n := network.New(k.world, network.Config{
		Link:          network.Link{Delay: network.Constant(latency)},
		CheckMutation: true,
	})
	for i := range s.Servers {
		k.servers = append(k.servers, network.ID(i))
	}
	boot := s.Boot(k.servers)
	for i := range s.Servers {
		n.Add(fmt.Sprintf("s%d", i), boot)
	}
	for i := range clients {
		p := &puppet{home: i % s.Servers}
		k.clients = append(k.clients, p)
		n.Add(fmt.Sprintf("c%d", i), func(ep *network.Endpoint) network.Handler {
			p.ep = ep
			return p
		})
	}
	k.world.RunFor(latency)
	return k
}

// id returns a request ID greater than all before.
func (k *cluster) id() uint64 {
	k.ids++
	return k.ids
}

// send has a client send a message to a server, without waiting.
func (k *cluster) send(client, server int, msg any) {
	k.clients[client].ep.Send(k.servers[server], msg)
}

// wait runs until a client has received more than n replies, at most for patience.
func (k *cluster) wait(client, n int) {
	p := k.clients[client]
	if len(p.replies) > n {
		return
	}
	k.world.Run(sim.Limit{
		Until: k.world.Now().Add(patience),
		Stop:  func() bool { return len(p.replies) > n },
	})
}

// settle lets everything arrive that is under way.
func (k *cluster) settle() { k.world.RunFor(silence) }

// ask sends a request to one server and returns its answer.
func (k *cluster) ask(client, server int, r nodes.Request) (nodes.Reply, error) {
	p := k.clients[client]
	n := len(p.replies)
	k.send(client, server, r)
	k.wait(client, n)
	switch {
	case len(p.strange) > 0:
		return nodes.Reply{}, fmt.Errorf("a client received %s, expected a nodes.Reply", p.strange[0])
	case len(p.replies) == n:
		return nodes.Reply{}, fmt.Errorf("s%d did not answer %s in %v", server, r, patience)
	case p.replies[n].ID != r.ID:
		return nodes.Reply{}, fmt.Errorf("s%d answered %s with %s, expected the same ID", server, r, p.replies[n])
	}
	return p.replies[n], nil
}

// do asks as clients do: the server it asked last, then where it is sent. It
// returns the answer of the server that is responsible.
func (k *cluster) do(client int, call nodes.Invocation) (nodes.Reply, error) {
	p := k.clients[client]
	for range 2 * len(k.servers) {
		r, err := k.ask(client, p.home, nodes.Request{ID: k.id(), Invocation: call})
		if err != nil || r.Code != nodes.NotLeader {
			return r, err
		}
		next := slices.Index(k.servers, r.Leader)
		if next < 0 {
			next = (p.home + 1) % len(k.servers)
		}
		p.home = next
	}
	return nodes.Reply{}, fmt.Errorf("nobody is responsible for %s: every server said %s", call, nodes.NotLeader)
}

// expect has a client do something and compares the answer.
func (k *cluster) expect(client int, r nodes.Request, code nodes.Code, value int64) error {
	got, err := k.do(client, r.Invocation)
	if err == nil && (got.Code != code || got.Value != value) {
		err = fmt.Errorf("%s was answered by %q %d, expected %q %d", r.Invocation, got.Code, got.Value, code, value)
	}
	return err
}
