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
// in the chaos is found out also where no client would have read it. Of a store on
// disks it also asks a write, and reads that: whose disk takes nothing any more may
// serve reads all the same.
type probe struct {
	writes  bool
	cluster *Cluster
	id      network.ID
	script  []nodes.Op
	counts  linear.Counts
}

// probeName is what the host of the probe is called.
const probeName = "probe"

// maxProbed bounds how many keys are read.
const maxProbed = 16

// send adds the probe to the world; scripts are those of the clients.
func (p *probe) send(c *Cluster, scripts [][]nodes.Op) {
	for i := range min(c.Config.Workload.Keys, maxProbed) {
		p.script = append(p.script, nodes.Op{Kind: nodes.Read, Key: nodes.KeyName(i)})
	}
	if p.writes {
		key := nodes.KeyName(0)
		p.script = append(p.script, nodes.Op{Kind: nodes.Write, Key: key, Value: fresh(scripts)}, nodes.Op{Kind: nodes.Read, Key: key})
	}
	p.cluster = c
	c.World.Observe(p.observe)
	p.id = c.Network.Add(probeName, nodes.Client(nodes.ClientConfig{
		Servers: c.Servers, Script: p.script, Timeout: c.Config.Workload.Timeout, Persist: true,
	}))
}

// fresh returns a value above all in the scripts.
func fresh(scripts [][]nodes.Op) int64 {
	value := int64(1)
	for _, script := range scripts {
		for _, op := range script {
			value = max(value, op.Value+1)
		}
	}
	return value
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
	ops, that := "reads", "that"
	if p.writes {
		ops, that = "operations", "the "+p.script[next].Kind.String()
	}
	text := fmt.Sprintf("%d of %d %s were answered, %s of %s was not in %d attempts",
		next, len(p.script), ops, that, p.script[next].Key, p.counts.Invoked-next)
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
