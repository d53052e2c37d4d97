package explore

import (
	"cmp"
	"slices"

	"phoenix/network"
)

// Course is what a sequence diagram of a path shows besides its steps.
type Course struct {
	Flights  []Flight
	Tellings []Telling
}

// Flight is a message on its way along a path.
type Flight struct {
	From, To network.ID
	Text     string
	Sent     int      // the step that it was sent in, from 1 on; 0 for at boot
	Done     int      // the step that ended this way of it; 0 if it is under way at the end
	How      StepKind // StepDeliver or StepDrop; 0 if it is under way
}

// Telling is what a node told in a step with Invoke, Return or Note; Step 0 is the boot.
type Telling struct {
	Node network.ID
	Step int
	Text string
}

// Course returns what was sent and told along a path, in order: an entry for each delivery
// and each loss, then those for what is under way at the end. On a network that keeps what
// was delivered, a message that was is not under way any more here. The error wraps ErrModel
// if the nodes do not do again what they did.
func (p *Path) Course() (*Course, error) {
	all, err := p.account()
	if err != nil {
		return nil, err
	}
	c, t := &Course{}, teller{words: words{name: p.sys.name}}
	tell := func(step int, a *act) {
		for i := range a.told {
			c.Tellings = append(c.Tellings, Telling{a.step.Node, step, t.telling(&a.told[i])})
		}
	}
	for i := range all.boot {
		tell(0, &all.boot[i])
	}
	for i := range all.steps {
		a := &all.steps[i]
		tell(i+1, a)
		if s := &a.step; s.Kind == StepDeliver || s.Kind == StepDrop {
			c.Flights = append(c.Flights, Flight{s.From, s.Node, t.say(s.Msg), a.letter.step, i + 1, s.Kind})
		}
	}
	c.Flights = append(c.Flights, p.afloat(t.words, all.mail)...)
	return c, nil
}

// afloat returns the messages under way at the end.
func (p *Path) afloat(w words, sent *mail) []Flight {
	var all []Flight
	for id, letters := range sent.underway {
		m := p.sys.messages.at(id)
		for _, l := range letters {
			if !sent.keeps || l.delivered == 0 {
				all = append(all, Flight{From: m.from, To: m.to, Text: w.say(m.msg), Sent: l.step})
			}
		}
	}
	slices.SortStableFunc(all, Flight.compare)
	return all
}

func (f Flight) compare(g Flight) int {
	return cmp.Or(cmp.Compare(f.Sent, g.Sent), cmp.Compare(f.From, g.From), cmp.Compare(f.To, g.To),
		cmp.Compare(f.Text, g.Text))
}
