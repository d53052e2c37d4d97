package models

import (
	"fmt"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/properties/explore"
)

// RegisterBugs returns what can be wrong with the "abd" of Registers.
func RegisterBugs() []Bug {
	return []Bug{
		{string(register.NoWriteBack), "a read returns what it found without telling a majority"},
		{string(register.RecordOverwrites), "a server takes every value it is told, older ones too"},
		{string(register.LocalSequence), "a writer takes the tag after the greatest it knows itself"},
		{string(register.AmnesiacVotes), "a server that restarted votes as if it had never known anything"},
	}
}

// Registers is a cluster of the registers of package register as they are, timers and all,
// with the clients of package nodes: each writes its own value and reads, and gives up what
// times out. Timers may fire at any time, so requests are given up and sent again in every
// way. The protocol is "single-copy", "abd" or "primary-backup".
//
// What is sent again and again would be without end on a network that holds copies, so
// Harness.Network must not be NonDuplicating or Ordered; Board has the fewest states. The
// heartbeats of a primary have no end on any: bound the depth.
func Registers(protocol string, h Harness) explore.Model {
	cfg := register.Config{Servers: ids(0, h.Servers), Bug: register.Bug(h.Bug)}
	boot, known := map[string]func(register.Config) network.Boot{
		"single-copy": register.SingleCopy, "abd": register.ABD, "primary-backup": register.PrimaryBackup,
	}[protocol]
	if !known {
		panic(fmt.Sprintf("models: register protocol %q, expected single-copy, abd or primary-backup", protocol))
	}
	m := explore.Model{Name: "register/" + protocol, Network: h.Network, Lossy: h.Lossy, Faults: h.Faults}
	for i := range h.Servers {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("s%d", i), Boot: boot(cfg)})
	}
	for i := range h.Clients {
		script := []nodes.Op{{Kind: nodes.Write, Key: "x", Value: int64('A' + i)}, {Kind: nodes.Read, Key: "x"}}
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("c%d", h.Servers+i),
			Boot: nodes.Client(nodes.ClientConfig{Servers: cfg.Servers, Home: i, Script: script})})
	}
	if !h.NoHistory {
		m.Observe = explore.NewHistory
		m.Properties = append(m.Properties, explore.Linearizable(Linearizable))
	}
	return m
}
