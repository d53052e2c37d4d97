package register

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
)

// keeper is what a durable server of ABD has on its disk: its data, and the newest
// write that it has begun for each client.
type keeper struct {
	*server `explore:"-"` // which it is a part of
	wal     *nodes.WAL
	begun   map[network.ID]uint64 // IDs of requests
	issued  map[string]uint64     // greatest Seq of its own tags in this boot
}

// keep gives s a disk. A server that has crashed must find there what it had.
func (s *server) keep() {
	s.disk = &keeper{server: s, issued: map[string]uint64{}}
	cfg := nodes.WALConfig{LogLimit: s.cfg.LogLimit, MustExist: s.amnesia}
	s.disk.wal = nodes.NewWAL(s.ep, cfg, s.disk, s.disk.opened)
}

// booting reports whether the server does not know yet what its disk holds.
func (s *server) booting() bool {
	return s.disk != nil && !s.disk.wal.Ready() && !s.disk.wal.Failed()
}

// votes reports whether the server knows all that it ever acknowledged.
func (s *server) votes() bool {
	if s.disk != nil {
		return s.disk.wal.Ready()
	}
	return !s.amnesia
}

// settled calls fn when all that the server has adopted is durable.
func (s *server) settled(fn func()) {
	if s.disk == nil || s.cfg.Bug == AckBeforeSync {
		fn()
		return
	}
	s.disk.wal.Barrier(fn)
}

// admitted calls fn when a copy of this write can no longer be taken for a new
// request, whatever crashes; and not at all if the client has gone on by then.
func (s *server) admitted(client network.ID, id uint64, fn func()) {
	if s.disk == nil {
		fn()
		return
	}
	s.disk.begun[client] = id
	s.disk.wal.Append(line{fixed: fixed{Client: int32(client), ID: id}}.encode(), func() {
		if s.desk.newest[client].id == id {
			fn()
		}
	})
}

// take takes over the version of a key, in memory and on its way to the disk; a server
// without its disk does not.
func (k *keeper) take(key string, v version) {
	if !k.wal.Ready() || v == k.data[key] {
		return
	}
	k.data[key] = v // before the record: a snapshot may take its place
	k.wal.Append(lineOf(key, v).encode(), func() {})
}

// issue returns the Seq of a new tag of this server: at least least. If the disk has
// failed and was read again, the last tags may be in no memory but that of others.
func (s *server) issue(key string, least uint64) uint64 {
	if s.disk == nil {
		return least
	}
	s.disk.issued[key] = max(least, s.disk.issued[key]+1)
	return s.disk.issued[key]
}

// opened begins to serve. What the server may have begun before is not begun again.
func (k *keeper) opened() {
	for client, id := range k.begun { // order: each client is one entry
		if k.desk.newest[client].id < id {
			k.desk.newest[client] = visit{id, true, nodes.Reply{ID: id, Code: nodes.Unknown}}
		}
	}
}

// Reset forgets all that is kept.
func (k *keeper) Reset() {
	k.data, k.begun = map[string]version{}, map[network.ID]uint64{}
}

// Replay takes over what a line says.
func (k *keeper) Replay(record []byte) error {
	l, err := decode(record)
	switch client := network.ID(l.Client); {
	case err != nil:
		return err
	case client == sim.NoHost:
		k.data[l.Key] = version{tag{l.Seq, network.ID(l.Writer), l.Boot}, l.Value}
	default:
		k.begun[client] = l.ID
	}
	return nil
}

// Snapshot returns a line for each key and each client.
func (k *keeper) Snapshot() [][]byte {
	var all [][]byte
	for key, v := range k.data {
		all = append(all, lineOf(key, v).encode())
	}
	for client, id := range k.begun {
		all = append(all, line{fixed: fixed{Client: int32(client), ID: id}}.encode())
	}
	slices.SortFunc(all, bytes.Compare)
	return all
}

// line is a record: the version of a key if Client is sim.NoHost, and else that the
// write ID of a client was begun.
type line struct {
	fixed
	Key string
}

// fixed is the part of a line that is always of the same length.
type fixed struct {
	Client int32
	ID     uint64
	Seq    uint64
	Writer int32
	Boot   uint32
	Value  int64
}

func lineOf(key string, v version) line {
	return line{fixed{
		Client: int32(sim.NoHost), Seq: v.Tag.Seq, Writer: int32(v.Tag.Writer), Boot: v.Tag.Boot, Value: v.Value,
	}, key}
}

// encode returns the bytes of l: what is fixed, and behind it the key.
func (l line) encode() []byte {
	data, err := binary.Append(nil, binary.LittleEndian, l.fixed)
	if err != nil {
		panic("register: " + err.Error())
	}
	return append(data, l.Key...)
}

func decode(data []byte) (line, error) {
	var l line
	n, err := binary.Decode(data, binary.LittleEndian, &l.fixed)
	if err != nil {
		return line{}, fmt.Errorf("a record of %d bytes is too short", len(data))
	}
	l.Key = string(data[n:])
	return l, nil
}
