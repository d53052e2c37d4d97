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
	word := func(i int) int { return int(int32(binary.LittleEndian.Uint32(data[1+4*i:]))) }
	r.term, r.vote = word(0), network.ID(word(1))
	for i := range int(data[0]) {
		r.log = append(r.log, entry{word(2 + 2*i), network.ID(word(3 + 2*i))})
	}
}
