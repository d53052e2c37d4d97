package network

import (
	"phoenix/sim/disk"
)

// Disk returns the disk of the node. It outlives crashes; this handle of it ends with
// the boot. A node that never calls Disk has none, and pays nothing.
func (ep *Endpoint) Disk() *disk.Disk {
	if ep.disk == nil {
		ep.disk = ep.net.array().Mount(ep.host, ep.epoch)
	}
	return ep.disk
}

// Disk returns the disk of a node for those who arrange the world: to inject faults,
// and to look at it or wipe it while the node is down. It panics if there is no such
// node.
func (n *Network) Disk(id ID) *disk.Disk {
	if !n.has(id) {
		panic("network: a disk of what is not a node")
	}
	return n.array().Disk(n.w.Host(id))
}

// array returns the disks of the nodes, made on first use.
func (n *Network) array() *disk.Array {
	if n.disks == nil {
		n.disks = disk.NewArray(n.w, n.cfg.Disk)
	}
	return n.disks
}

// Sync blocks until what was written to a file of the node's disk before the call is
// durable, and returns the error of the sync. See [disk.Disk.Sync].
func (p *Proc) Sync(name string) error { return p.ep.Disk().SyncWait(p.Proc, name) }

// SyncDir blocks until the names of the files on the node's disk are durable as they
// were when it was called. See [disk.Disk.SyncDir].
func (p *Proc) SyncDir() error { return p.ep.Disk().SyncDirWait(p.Proc) }
