package gossip

import "phoenix/crdt"

// sendAnswer sends p what brings it to a version, 0 for the current one.
func (r *Replica[S, P]) sendAnswer(p *peer[S], a answer, version uint64, what payload) {
	a.full = what.data != nil
	r.stats.Shipped += what.entries
	r.send(p, envelope{kind: kindAnswer, version: version, body: a.encode(), payload: what.data})
}

// packed returns s as a payload.
func (r *Replica[S, P]) packed(s *S) payload {
	return payload{data: must(P(s).AppendBinary(nil)), entries: entries(s)}
}

// answered takes what was asked for, and answers what the other asks for in turn.
func (r *Replica[S, P]) answered(p *peer[S], e *envelope) {
	a, ok := decodeAnswer(e.body)
	if !ok {
		r.stats.Damaged++
		return
	}
	if e.to != r.epoch {
		r.stats.Stale++
		return
	}
	p.asking = false
	if a.full {
		if _, ok := r.merge(p, e.payload); !ok {
			return
		}
	}
	if !a.partial {
		p.holds(e.version)
	}
	switch {
	case len(a.context) > 0:
		r.asked(p, &envelope{body: a.context, version: e.version})
	case a.partial || a.reply:
		r.supply(p, a)
	case a.full:
		r.send(p, envelope{kind: kindAck})
	}
}

// ask tells p which events are here, and so which are not.
func (r *Replica[S, P]) ask(p *peer[S]) {
	p.asking = true
	r.send(p, envelope{kind: kindAsk, body: r.context()})
}

func (r *Replica[S, P]) context() []byte {
	return must(any(r.state).(crdt.Causal[S]).Context().AppendBinary(nil))
}

// asked answers with the events that p lacks, and asks for those that are lacking here.
// Contexts may be relied on because states include whole events: see take.
func (r *Replica[S, P]) asked(p *peer[S], e *envelope) {
	causal, ok := any(r.state).(crdt.Causal[S])
	var theirs crdt.CausalContext
	if err := theirs.UnmarshalBinary(e.body); err != nil || !ok {
		r.stats.Damaged++
		return
	}
	mine := causal.Context()
	var a answer
	if mine.Covers(&theirs) {
		p.holds(e.version)
	} else if !p.asking {
		a.context = r.context()
	}
	p.asking = false // if what was asked is lost, p asks again and gets the context
	var what payload
	if theirs.Covers(mine) {
		r.acknowledged(p, r.version)
	} else {
		what = r.packed(causal.Delta(&theirs))
	}
	r.sendAnswer(p, a, 0, what)
}

// complete answers the whole state d of p with what it lacks.
func (r *Replica[S, P]) complete(p *peer[S], d *S) {
	splitter, ok := any(r.state).(crdt.Splitter[S])
	if !ok {
		r.send(p, envelope{kind: kindAck})
		return
	}
	if less := splitter.Diff(d); r.size(less) > 0 {
		r.sendAnswer(p, answer{}, 0, r.packed(less))
		return
	}
	r.acknowledged(p, r.version)
	r.sendAnswer(p, answer{}, 0, payload{})
}
