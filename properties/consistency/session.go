package consistency

import (
	"context"
	"fmt"

	"phoenix/properties"
	"phoenix/properties/history"
)

// guarantees are the levels that hold of one session at a time.
var guarantees = [...]Level{ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads}

// debt is a version of a key that a session is owed: what it reads of the key
// from then on must not be older.
type debt struct {
	session int32 // whose it is: a debt of another one is void
	cause   int32 // the operation of the session that it follows from
	write   int32 // the write that the session had seen by cause, unless it is note's
	note
}

// sessions judges the session guarantees (Terry, Demers, Petersen, Spreitzer,
// Theimer and Welch, Session Guarantees for Weakly Consistent Replicated Data,
// PDIS 1994, section 3), one session after the other.
type sessions struct {
	v       *versions
	program [][]int32 // of each client: what it did or may have done
	notebook
	// newest is, by guarantee and key, the debt whose write was called last: the
	// first that an old read violates. latest is the one taken on last.
	newest, latest [len(guarantees)][]debt
	// heard is how many of each client's notes the session knows, valid if
	// heardBy is the session.
	heard, heardBy []int32
	lookup         int // what looking a key up in the notes of a client costs, in notes
	// keys are those that the session reads; readBy is, of each key, the last
	// session that does.
	keys, readBy []int32
	found        [len(guarantees)]violation
	links        [len(guarantees)][]link // while nothing was found
	tested       [len(guarantees)]int
	unclear      [len(guarantees)]int32 // the first read of no known version that may matter, or nothing
}

// violation is a read of an older version than was owed.
type violation struct {
	read int32 // nothing if there is none
	debt debt
}

// judgeSessions returns a finding for each guarantee, in their order. The work
// is O(n log n) beside what a session learns of other clients' programs. Of
// those it reads all, or only what they say of its own keys if that is less: so
// for a session of m operations O(min(n, m^2 log n)), and O(n^1.5 log n) in all.
func (v *versions) judgeSessions(ctx context.Context) [len(guarantees)]Finding {
	return newSessions(v).judge(ctx)
}

func (s *sessions) judge(ctx context.Context) (out [len(guarantees)]Finding) {
	var stopped error
	for session := range s.program {
		if stopped = ctx.Err(); stopped != nil {
			break
		}
		s.begin(int32(session))
		for _, i := range s.program[session] {
			s.step(int32(session), i)
		}
	}
	for g, level := range guarantees {
		out[g] = s.finding(g, level, stopped)
		out[g].Tested = s.tested[g]
	}
	return out
}

func (s *sessions) finding(g int, level Level, stopped error) Finding {
	if bad := &s.found[g]; bad.read != nothing {
		return s.v.broken(level, bad)
	}
	if circle := s.v.contradiction(s.links[g]); circle != nil {
		return s.v.circular(level, circle)
	}
	switch i := s.unclear[g]; {
	case stopped != nil:
		return Finding{Level: level, Verdict: properties.Inconclusive, Reason: stopped.Error()}
	case i != nothing:
		return Finding{Level: level, Verdict: properties.Inconclusive, Key: s.v.ops[i].Key, Reason: s.v.whyUnplaced(i)}
	}
	return Finding{Level: level}
}

// older says why the version that was read is older than the one owed.
func (v *versions) older(from int32, d *debt) string {
	if v.initial(from) {
		return fmt.Sprintf("although %s was there before any write", short(v.value(from)))
	}
	return fmt.Sprintf("although the write of %s had returned before that of %s was called",
		short(v.value(from)), short(v.value(d.version)))
}

// broken tells of a violation with the operations that show it.
func (v *versions) broken(level Level, bad *violation) Finding {
	read, d, from := &v.ops[bad.read], &bad.debt, v.from[bad.read]
	sentence := fmt.Sprintf("client %d %s after it had %s, ", read.Client, did(read), done(&v.ops[d.cause]))
	nodes := []int32{from, d.version, d.cause, bad.read}
	if level == MonotonicWrites || level == WritesFollowReads {
		nodes = append(nodes, d.write, d.via)
		sentence += fmt.Sprintf("whose writer, client %d, had %s before, ", v.ops[d.write].Client, done(&v.ops[d.via]))
	}
	return v.violation(level, sentence+v.older(from, d), nodes...)
}

func newSessions(v *versions) *sessions {
	s := &sessions{v: v, lookup: 16}
	index := make(map[int]int32)
	client := make([]int32, len(v.ops))
	for i := range v.ops {
		op := &v.ops[i]
		if op.Outcome == history.Failed || op.Outcome == history.Unknown && !v.happened[i] {
			client[i] = nothing
			continue
		}
		c, ok := index[op.Client]
		if !ok {
			c = int32(len(s.program))
			index[op.Client] = c
			s.program = append(s.program, nil)
		}
		client[i] = c
		s.program[c] = append(s.program[c], int32(i))
	}
	s.notebook = v.takeNotes(client, len(s.program))
	s.heard, s.heardBy = make([]int32, len(s.program)), filled(len(s.program))
	s.readBy = filled(len(v.keys))
	for g := range guarantees {
		s.newest[g], s.latest[g] = make([]debt, len(v.keys)), make([]debt, len(v.keys))
		for k := range v.keys {
			s.newest[g][k].session = nothing
		}
		s.found[g].read, s.unclear[g] = nothing, nothing
	}
	return s
}

// filled is a list of length times nothing.
func filled(length int) []int32 {
	list := make([]int32, length)
	for i := range list {
		list[i] = nothing
	}
	return list
}

// begin lists the keys that a session reads.
func (s *sessions) begin(session int32) {
	s.keys = s.keys[:0]
	for _, i := range s.program[session] {
		if k := s.v.key[i]; s.v.from[i] >= 0 && s.readBy[k] != session {
			s.readBy[k] = session
			s.keys = append(s.keys, k)
		}
	}
}

// step lets a session do operation i: hold what it read against what it was
// owed, and note what it is owed from here on.
func (s *sessions) step(session, i int32) {
	op := &s.v.ops[i]
	if op.Outcome != history.OK {
		return
	}
	switch from := s.v.from[i]; {
	case from >= 0:
		s.check(session, i, from)
		if !s.v.initial(from) {
			s.owe(debt{session, i, nothing, note{call: s.v.ops[from].Call, key: s.v.key[i], version: from, via: i, level: MonotonicReads}})
			s.learn(session, i, from)
		}
	case from < nothing:
		s.doubt(session, i)
	}
	if writes(op) {
		s.owe(debt{session, i, nothing, note{call: op.Call, key: s.v.key[i], version: i, via: i, level: ReadYourWrites}})
	}
}

// check holds a read of version from against the debts of its key.
func (s *sessions) check(session, i, from int32) {
	for g := range guarantees {
		d := &s.newest[g][s.v.key[i]]
		if d.session != session {
			continue
		}
		s.tested[g]++
		bad := &s.found[g]
		late := s.v.ret(from) < d.call || s.v.flaw == flawSessionTouch && s.v.ret(from) == d.call
		switch {
		case late && (bad.read == nothing || i < bad.read):
			*bad = violation{i, *d}
		case !late && bad.read == nothing && s.v.flaw != flawNoLinks:
			s.links[g] = s.v.link(s.links[g], i, d, &s.latest[g][s.v.key[i]])
		}
	}
}

// doubt notes that nobody knows what operation i read: it may have broken a
// guarantee, save read-your-writes if the session had not written to that key.
func (s *sessions) doubt(session, i int32) {
	for g, level := range guarantees {
		owed := s.newest[g][s.v.key[i]].session == session
		if (level != ReadYourWrites || owed) && (s.unclear[g] == nothing || i < s.unclear[g]) {
			s.unclear[g] = i
		}
	}
}

// owe has the session owed d. Nobody is owed an initial value.
func (s *sessions) owe(d debt) {
	if s.v.flaw == flawSameKey && d.write != nothing && s.v.key[d.write] != d.key {
		return
	}
	g := d.level - ReadYourWrites
	s.latest[g][d.key] = d
	if old := &s.newest[g][d.key]; old.session != d.session || old.call < d.call {
		*old = d
	}
}

// learn follows from the session's operation i having seen a write: whatever
// its client had written or read before it is owed.
func (s *sessions) learn(session, i, write int32) {
	c := s.author[write]
	if s.heardBy[c] != session && (s.v.flaw != flawHeardByAll || s.heardBy[c] == nothing) {
		s.heard[c], s.heardBy[c] = 0, session
	}
	from, upto := s.heard[c], s.upto[write]
	if upto <= from {
		return
	}
	s.heard[c] = upto
	if int(upto-from) <= s.lookup*len(s.keys) {
		for _, n := range s.notes[c][from:upto] {
			s.owe(debt{session, i, write, n})
		}
		return
	}
	for _, k := range s.keys {
		for _, level := range [...]Level{MonotonicWrites, WritesFollowReads} {
			if n := s.lastNote(c, k, level, upto); n >= from {
				s.owe(debt{session, i, write, s.notes[c][s.notes[c][n].newest]})
				s.owe(debt{session, i, write, s.notes[c][n]})
			}
		}
	}
}
