package scenario

import (
	"errors"
	"fmt"
	"strings"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties/linear"
	"phoenix/sim"
)

// probe is the client of the healed phase: it reads every key, again and again
// until it gets an answer. Its reads are part of the history, so that what was lost
// in the chaos is found out also where no client would have read it.
type probe struct {
	cluster *Cluster
	id      network.ID
	script  []nodes.Op
	counts  linear.Counts
}

// probeName is what the host of the probe is called.
const probeName = "probe"

// maxProbed bounds how many keys are read.
const maxProbed = 16

// send adds the probe to the world.
func (p *probe) send(c *Cluster) {
	for i := range min(c.Config.Workload.Keys, maxProbed) {
		p.script = append(p.script, nodes.Op{Kind: nodes.Read, Key: nodes.KeyName(i)})
	}
	p.cluster = c
	c.World.Observe(p.observe)
	p.id = c.Network.Add(probeName, nodes.Client(nodes.ClientConfig{
		Servers: c.Servers, Script: p.script, Timeout: c.Config.Workload.Timeout, Persist: true,
	}))
}

// observe counts the operations of the probe.
func (p *probe) observe(e *sim.Event) {
	switch {
	case e.Host != p.id:
	case e.Kind == sim.Invoke:
		p.counts.Invoked++
	case e.Kind == sim.Return && e.Name == nodes.OutcomeOK:
		p.counts.OK++
	case e.Kind == sim.Return && e.Name == nodes.OutcomeFail:
		p.counts.Failed++
	case e.Kind == sim.Return:
		p.counts.Unknown++
	}
}

// answered reports whether the probe has all its answers. That a server does not
// do such operations is one.
func (p *probe) answered() bool {
	return p.cluster != nil && p.counts.OK+p.counts.Failed >= len(p.script)
}

// stuck returns what keeps the probe from its answers.
func (p *probe) stuck() error {
	switch {
	case p.cluster == nil:
		return errors.New("the run did not get to its healed phase")
	case p.answered():
		return nil
	}
	next := p.counts.OK + p.counts.Failed
	text := fmt.Sprintf("%d of %d reads were answered, that of %s was not in %d attempts",
		next, len(p.script), p.script[next].Key, p.counts.Invoked-next)
	var down []string
	for _, id := range p.cluster.Servers {
		if h := p.cluster.World.Host(id); !h.Up() {
			down = append(down, h.Name())
		}
	}
	if len(down) > 0 {
		text += "; down: " + strings.Join(down, ", ")
	}
	return errors.New(text)
}
