package logstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
)

// record is what the log says of a request: who asked for what, and the answer. In
// snapshots there are also records of a key's value that concern no client.
type record struct {
	fixed
	Key string
}

// fixed is the part of a record that is always of the same length.
type fixed struct {
	Client int32
	ID     uint64
	Code   nodes.Code
	Reply  int64 // the value in the answer
	Sets   bool  // the key gets Value
	Value  int64
}

// encode returns the bytes of r: what is fixed, and behind it the key.
func (r record) encode() []byte {
	data, err := binary.Append(nil, binary.LittleEndian, r.fixed)
	if err != nil {
		panic("logstore: " + err.Error())
	}
	return append(data, r.Key...)
}

func decode(data []byte) (record, error) {
	var r record
	n, err := binary.Decode(data, binary.LittleEndian, &r.fixed)
	if err != nil {
		return record{}, fmt.Errorf("a record of %d bytes is too short", len(data))
	}
	r.Key = string(data[n:])
	return r, nil
}

// state is what the store knows, all of it on the disk or on its way there.
type state struct {
	bug     Bug
	data    map[string]int64
	clients map[network.ID]session
}

// session is the newest request of a client.
type session struct {
	reply    nodes.Reply // with its ID
	answered bool        // the reply may be told
}

// Reset empties the store.
func (s *state) Reset() {
	s.data, s.clients = map[string]int64{}, map[network.ID]session{}
}

// Replay does what a record says.
func (s *state) Replay(data []byte) error {
	r, err := decode(data)
	if err != nil {
		return err
	}
	if r.Sets {
		s.data[r.Key] = r.Value
	}
	if id := network.ID(r.Client); id != sim.NoHost && s.bug != ForgetsClients {
		s.clients[id] = session{nodes.Reply{ID: r.ID, Code: r.Code, Value: r.Reply}, true}
	}
	return nil
}

// Snapshot returns a record for each key and one for each client.
func (s *state) Snapshot() [][]byte {
	var all [][]byte
	for key, value := range s.data {
		all = append(all, record{fixed{Client: int32(sim.NoHost), Sets: true, Value: value}, key}.encode())
	}
	for id, c := range s.clients {
		r := fixed{Client: int32(id), ID: c.reply.ID, Code: c.reply.Code, Reply: c.reply.Value}
		all = append(all, record{r, ""}.encode())
	}
	slices.SortFunc(all, bytes.Compare)
	return all
}
