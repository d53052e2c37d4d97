package models

import (
	"encoding/binary"
	"hash/crc32"

	"phoenix/network"
	"phoenix/sim"
)

// raftFile is the file of a server's term, vote and log. It is one sector, of which a crash
// leaves the old content or the new, or anything if it has never been written to the end;
// so it carries a checksum.
const (
	raftFile   = "raft"
	raftSector = 512
	raftSum    = raftSector - 4 // where the checksum begins
)

// answer sends what a server must not forget, once it is durable (figure 2 of the paper:
// "updated on stable storage before responding").
func (r *raft) answer(to network.ID, msg any) {
	r.save(func() { r.ep.Send(to, msg) })
}

// save makes term, vote and log durable, then goes on. A server whose disk fails goes on
// with nothing.
func (r *raft) save(then func()) {
	if r.cfg.Volatile {
		then()
		return
	}
	vote := r.vote
	if r.cfg.Bug == raftVoteNotPersisted {
		vote = sim.NoHost
	}
	words := append(make([]byte, 0, raftSector), byte(len(r.log)))
	words = binary.LittleEndian.AppendUint32(words, uint32(r.term))
	words = binary.LittleEndian.AppendUint32(words, uint32(vote))
	for _, e := range r.log {
		words = binary.LittleEndian.AppendUint32(words, uint32(e.Term))
		words = binary.LittleEndian.AppendUint32(words, uint32(e.By))
		words = binary.LittleEndian.AppendUint32(words, uint32(uint16(e.Adds))|uint32(uint16(e.Removes))<<16)
	}
	words = words[:raftSum]
	words = binary.LittleEndian.AppendUint32(words, crc32.ChecksumIEEE(words))
	d := r.ep.Disk()
	if d.WriteAt(raftFile, words, 0) != nil {
		return
	}
	d.Sync(raftFile, func(err error) {
		if err == nil {
			d.SyncDir(func(err error) {
				if err == nil {
					then()
				}
			})
		}
	})
}

// load reads what save wrote. A file that is not there, or not whole, was never confirmed.
func (r *raft) load() {
	data, err := r.ep.Disk().ReadFile(raftFile)
	if err != nil || len(data) < raftSector ||
		binary.LittleEndian.Uint32(data[raftSum:]) != crc32.ChecksumIEEE(data[:raftSum]) {
		return
	}
	length := int(data[0])
	words := data[1:raftSum]
	word := func() int32 {
		w := int32(binary.LittleEndian.Uint32(words))
		words = words[4:]
		return w
	}
	r.term, r.vote = int(word()), network.ID(word())
	for range length {
		e := entry{Term: int(word()), By: network.ID(word())}
		both := word() // 16 bits each
		e.Adds, e.Removes = network.ID(int16(both)), network.ID(int16(both>>16))
		r.log = append(r.log, e)
	}
}
