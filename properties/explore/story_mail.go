package explore

import (
	"cmp"
	"slices"

	"phoenix/network"
)

// letter is a message that was sent on a path, and what became of it.
type letter struct {
	step      int // it was sent in; 0 is the boot
	link      [2]network.ID
	number    uint64 // on its link, from 1 on
	answer    bool   // see act.answers
	delivered int    // how often
	lost      bool   // a copy of it was
}

// mail is the letters of a path: those under way by message, the first one in front.
type mail struct {
	sys      *system
	keeps    bool // a delivery leaves a message under way, and a set holds it once
	underway map[uint32][]*letter
	numbers  map[[2]network.ID]uint64
	letters  []*letter // all
}

func newMail(sys *system) *mail {
	return &mail{sys: sys, keeps: sys.m.Network == Duplicating || sys.m.Network == Board,
		underway: map[uint32][]*letter{}, numbers: map[[2]network.ID]uint64{}}
}

// send adds the messages of a step, which are an answer or not.
func (m *mail) send(out *outcome, step int, answer bool) {
	for _, id := range out.sends {
		msg := m.sys.messages.at(id)
		link := [2]network.ID{msg.from, msg.to}
		m.numbers[link]++
		if m.keeps && len(m.underway[id]) > 0 {
			continue
		}
		l := &letter{step: step, link: link, number: m.numbers[link], answer: answer}
		m.underway[id] = append(m.underway[id], l)
		m.letters = append(m.letters, l)
	}
}

// tick lets a tick pass: what is under way is another message then.
func (m *mail) tick() {
	later := make(map[uint32][]*letter, len(m.underway))
	for id, letters := range m.underway { // order: of each message, sorted below
		if len(letters) > 0 {
			next := m.sys.ticked(id)
			later[next] = append(later[next], letters...)
		}
	}
	for _, letters := range later { // order: each by itself
		slices.SortStableFunc(letters, func(a, b *letter) int { return cmp.Compare(a.step, b.step) })
	}
	m.underway = later
}

// take returns the letter that a step is about: it is delivered, lost or doubled.
func (m *mail) take(s *succ) *letter {
	all := m.underway[s.arg]
	l := all[0]
	switch {
	case s.kind == StepDuplicate:
		m.underway[s.arg] = slices.Insert(all, 0, l)
		return l
	case s.kind == StepDrop:
		l.lost = true
	default:
		l.delivered++
	}
	if !m.keeps || s.kind == StepDrop {
		m.underway[s.arg] = all[1:]
	}
	return l
}
