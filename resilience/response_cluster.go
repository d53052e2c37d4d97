package resilience

import (
	"errors"
	"fmt"
	"slices"

	"phoenix/network"
	"phoenix/sim"
)

// A Cluster carries responses out on the nodes of a simulated network. The nodes that a failure
// concerns are those that its affected components run on.
type Cluster struct {
	Network *network.Network
	// Locate returns the node that a component runs on. Nil means that components are called after
	// their nodes.
	Locate func(component string) (network.ID, bool)
	// Restart restarts a component within its node, and reports whether it could; a supervisor does
	// that. Nil, or false, means that the node restarts.
	Restart func(component string) bool
	// Standbys are the nodes that may take over, in this order.
	Standbys []network.ID
	// Promote has a standby take over. It runs as a task of the standby's host.
	Promote func(standby network.ID)
	// Degrade does less, for all: Degradation.Responder, say.
	Degrade Responder

	isolated map[network.ID]*network.Partition
}

// The errors of a Cluster that cannot respond.
var (
	ErrNoNode    = errors.New("none of the affected components runs on a node")
	ErrNoStandby = errors.New("no standby is up and unaffected")
)

// Responders returns the five responses, on the cluster.
func (c *Cluster) Responders() Responders {
	return Responders{
		GracefulDegradation: c.Degrade,
		LocalRestart:        ResponderFunc(c.restart),
		NodeIsolation:       ResponderFunc(c.isolate),
		ClusterFailover:     ResponderFunc(c.failOver),
		EmergencyResponse:   ResponderFunc(c.stop),
	}
}

// nodes returns the nodes that f concerns, in order.
func (c *Cluster) nodes(f Incident) []network.ID {
	var nodes []network.ID
	for _, component := range f.Affected {
		if id, ok := c.locate(component); ok && !slices.Contains(nodes, id) {
			nodes = append(nodes, id)
		}
	}
	slices.Sort(nodes)
	return nodes
}

func (c *Cluster) locate(component string) (network.ID, bool) {
	if c.Locate != nil {
		return c.Locate(component)
	}
	if h := c.Network.World().Lookup(component); h != nil {
		return h.ID(), true
	}
	return 0, false
}

// restart restarts each affected component where that is possible, and else its node, once.
func (c *Cluster) restart(f Incident) error {
	restarted, mended := []network.ID{}, false
	for _, component := range f.Affected {
		if c.Restart != nil && c.Restart(component) {
			mended = true
			continue
		}
		id, ok := c.locate(component)
		if !ok || slices.Contains(restarted, id) {
			continue
		}
		restarted = append(restarted, id)
		host := c.host(id)
		host.Crash()
		host.Restart()
	}
	if !mended && len(restarted) == 0 {
		return ErrNoNode
	}
	return nil
}

// isolate cuts the nodes off from all others, and from each other.
func (c *Cluster) isolate(f Incident) error {
	nodes := c.nodes(f)
	if len(nodes) == 0 {
		return ErrNoNode
	}
	for _, id := range nodes {
		if !c.Isolated(id) {
			c.cutOff(id)
		}
	}
	return nil
}

func (c *Cluster) cutOff(id network.ID) {
	var others []network.ID
	for _, h := range c.Network.World().Hosts() {
		if h.ID() != id {
			others = append(others, h.ID())
		}
	}
	if c.isolated == nil {
		c.isolated = map[network.ID]*network.Partition{}
	}
	name := fmt.Sprintf("isolation of %s", c.host(id).Name())
	c.isolated[id] = c.Network.Partition(name, network.Complete([]network.ID{id}, others))
}

// Isolated reports whether a response has cut the node off.
func (c *Cluster) Isolated(id network.ID) bool {
	p := c.isolated[id]
	return p != nil && !p.Healed()
}

// Readmit ends the isolation of a node. Without one it does nothing.
func (c *Cluster) Readmit(id network.ID) {
	if c.Isolated(id) {
		c.isolated[id].Heal()
	}
}

// failOver isolates the failed nodes, so that they cannot act in their old role, and then promotes a
// standby.
func (c *Cluster) failOver(f Incident) error {
	failed := c.nodes(f)
	for _, id := range c.Standbys {
		if slices.Contains(failed, id) || c.Isolated(id) || !c.host(id).Up() {
			continue
		}
		if c.Promote == nil {
			return fmt.Errorf("%w: Cluster.Promote is not set", ErrNoResponder)
		}
		if len(failed) > 0 {
			if err := c.isolate(f); err != nil {
				return err
			}
		}
		c.host(id).After(0, func() { c.Promote(id) })
		return nil
	}
	return ErrNoStandby
}

// stop takes every node down, in order.
func (c *Cluster) stop(Incident) error {
	for _, h := range c.Network.World().Hosts() {
		h.Crash()
	}
	return nil
}

func (c *Cluster) host(id network.ID) *sim.Host { return c.Network.World().Host(id) }
