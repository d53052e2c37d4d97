package linear

import "phoenix/properties/history"

// gather sorts the operations into clusters. It returns false if one of them
// is beyond the algorithm. O(n).
func (m *registerMonitor) gather() bool {
	n := len(m.ops)
	values := n + 1
	if m.opt.Model != Register {
		for _, op := range m.ops {
			switch op.Kind {
			case history.Append:
				return false
			case history.CAS:
				values++
			}
		}
	}
	m.index = newValueIndex(values)
	m.clusters = make([]cluster, 0, n/2+2)
	m.readOf = make([]int32, n)
	m.begin()
	for i, op := range m.ops {
		m.readOf[i] = none
		switch {
		case op.Kind == history.Read && op.Out.IsNil() && m.opt.NilRead == NilIsAnything && m.flaw != flawNilIsValue:
			m.loose = append(m.loose, int32(i))
		case op.Kind == history.Read:
			m.read(i, op.Out)
		case op.Outcome == history.Failed:
			m.loose = append(m.loose, int32(i))
		case op.Kind == history.Write || op.Old != op.Arg:
			m.write(i)
		case m.opt.Model == KV && op.Arg == history.Text(""):
			return false // is no read of an empty text: that also sees an absent key
		case op.Outcome == history.OK:
			m.read(i, op.Arg) // changes nothing, so if its outcome is unknown it may be left out
		}
	}
	m.rewrite()
	return true
}

// begin makes the cluster of the initial value, which is the first.
func (m *registerMonitor) begin() {
	initial := m.opt.initial()
	if m.flaw == flawInitial {
		initial = history.Value{}
	}
	m.clusters[m.cluster(initial)].ret = farPast
}

// cluster returns the cluster of value v.
func (m *registerMonitor) cluster(v history.Value) int32 {
	at, added := m.index.add(v)
	if added {
		m.clusters = append(m.clusters, unwritten)
	}
	return at
}

func (m *registerMonitor) read(i int, v history.Value) {
	at, op := m.cluster(v), m.ops[i]
	m.readOf[i] = at
	c := &m.clusters[at]
	c.reads++
	c.first, c.last = min(c.first, op.Return), max(c.last, op.Call)
}

func (m *registerMonitor) write(i int) {
	at := m.cluster(m.ops[i].Arg)
	if m.clusters[at].written() {
		m.rewrites = append(m.rewrites, int32(i))
		return
	}
	m.begins(at, i)
}

// begins makes operation i the writer of a cluster.
func (m *registerMonitor) begins(at int32, i int) {
	op := m.ops[i]
	ret := op.Return
	if ret == history.Pending {
		switch {
		case m.flaw == flawPendingLost || (m.flaw == flawPendingCASLost && op.Kind == history.CAS):
			return
		case m.flaw == flawPendingEnds:
			ret = op.Call
		}
	}
	prev := int32(none)
	if op.Kind == history.CAS {
		prev = m.cluster(op.Old)
		m.cas = append(m.cas, at)
	}
	c := &m.clusters[at]
	c.writer, c.call, c.ret, c.prev = int32(i), op.Call, ret, prev
}

// rewrite gives each further write of a value a cluster of its own. That is
// right if nobody saw the value.
func (m *registerMonitor) rewrite() {
	for _, i := range m.rewrites {
		if op := m.ops[i]; op.Kind == history.CAS {
			m.cluster(op.Old)
		}
	}
	for _, i := range m.rewrites {
		m.clusters = append(m.clusters, unwritten)
		m.begins(int32(len(m.clusters)-1), int(i))
	}
}

// ambiguous tells whether somebody saw a value that more than one operation may
// have written.
func (m *registerMonitor) ambiguous() bool {
	for _, i := range m.rewrites {
		if at, _ := m.index.find(m.ops[i].Arg); m.clusters[at].observed() && m.flaw != flawRewrites {
			return true
		}
	}
	return false
}

// readAbsent makes the reads of an empty text from a store reads of nil, which
// they may be, if they cannot be what they seem. It returns false if they may
// be either.
func (m *registerMonitor) readAbsent() bool {
	if m.opt.Model != KV || m.flaw == flawAbsentText {
		return true
	}
	empty, there := m.index.find(history.Text(""))
	absent, possible := m.index.find(history.Value{})
	if !there || !possible || m.clusters[empty].reads == 0 || !m.clusters[absent].written() {
		return true
	}
	from, to := &m.clusters[empty], &m.clusters[absent]
	if from.written() {
		return false
	}
	to.reads += from.reads
	to.first, to.last = min(to.first, from.first), max(to.last, from.last)
	from.reads, from.first, from.last = 0, unwritten.first, unwritten.last
	for i, at := range m.readOf {
		if at == empty {
			m.readOf[i] = absent
		}
	}
	return true
}
