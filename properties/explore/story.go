package explore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
)

// storyColumns is how wide a line of a story or of lanes may get.
const storyColumns = 120

// act is what happened in one step of a path, for telling: whose it was and what came of it.
type act struct {
	step     Step
	sent     int // the step in which the message was sent that it is about; 0 is the boot
	sends    []Envelope
	told     []Told
	changes  []string
	crashed  bool // in the middle of it
	panicked string
}

// acts returns the acts of a path: those of the boot, one for each node, and those of its
// steps.
func (p *Path) acts() (boot, steps []act, err error) {
	if boot, err = p.boots(); err != nil {
		return nil, nil, err
	}
	mail := newMail(p.sys)
	for _, id := range p.sys.underway(p.first) {
		mail.put(id, 0)
	}
	for i := range p.steps {
		s, before, after := &p.steps[i], p.State(i), p.State(i+1)
		a := act{step: p.Steps[i]}
		switch s.kind {
		case StepDeliver, StepDrop:
			a.sent = mail.take(s.arg, s.kind)
		case StepDuplicate:
			a.sent = mail.double(s.arg)
		}
		if s.out != nil {
			p.fill(&a, s.out)
			for _, id := range s.out.sends {
				mail.put(id, i+1)
			}
			a.changes = p.changes(a.step.Node, before, after)
			a.crashed = s.out.lost > 0 && s.kind != StepCrash
			a.panicked = after.local(a.step.Node).panic
		}
		if err := cmp.Or(before.err, after.err); err != nil {
			return nil, nil, err
		}
		steps = append(steps, a)
	}
	return boot, steps, nil
}

// fill notes what a node did.
func (p *Path) fill(a *act, out *outcome) {
	for _, id := range out.sends {
		m := p.sys.messages.at(id)
		a.sends = append(a.sends, Envelope{m.from, m.to, m.msg})
	}
	if out.told != 0 {
		a.told = p.sys.batches.at(out.told).told
	}
}

// boots are the acts before the first state.
func (p *Path) boots() ([]act, error) {
	var all []act
	for host := range p.sys.hosts {
		out, err := p.sys.outcomes(0, network.ID(host), event{kind: StepBoot})
		if err != nil {
			return nil, err
		}
		a := act{step: Step{Kind: StepBoot, Node: network.ID(host), From: sim.NoHost}}
		for ; out != nil; out = out.more {
			if out.next == p.first[rowLocals+host] {
				p.fill(&a, out)
				break
			}
		}
		all = append(all, a)
	}
	return all, nil
}

// mail is when the messages under way were sent.
type mail struct {
	keeps bool // a delivery leaves the message under way
	sent  map[uint32][]int
}

func newMail(sys *system) *mail {
	return &mail{keeps: sys.m.Network == Duplicating || sys.m.Network == Board, sent: map[uint32][]int{}}
}

// put adds a message that was sent in a step.
func (m *mail) put(id uint32, step int) {
	if !m.keeps || len(m.sent[id]) == 0 {
		m.sent[id] = append(m.sent[id], step)
	}
}

// take returns when a message was sent that is delivered or lost.
func (m *mail) take(id uint32, kind StepKind) int {
	sent := m.sent[id][0]
	if !m.keeps || kind == StepDrop {
		m.sent[id] = m.sent[id][1:]
	}
	return sent
}

// double returns when a message was sent of which there is one more now.
func (m *mail) double(id uint32) int {
	sent := m.sent[id][0]
	m.sent[id] = slices.Insert(m.sent[id], 0, sent)
	return sent
}

// Story tells the path in lines of at most 120 columns: the boot as step 0, and then what
// happens in each step, what the node sends and tells in it, and in brackets how its state
// changes. The name of a node stands in front of a step only where the step before was of
// another one. What is told of a message in parentheses is the step that it was sent in.
// The error wraps ErrModel if the nodes do not do again what they did in the search.
func (p *Path) Story() ([]string, error) {
	boot, steps, err := p.acts()
	if err != nil {
		return nil, err
	}
	t := teller{words: words{name: p.sys.name}, margin: 0, number: len(fmt.Sprint(len(steps)))}
	for _, n := range p.sys.names {
		t.margin = max(t.margin, utf8.RuneCountInString(n))
	}
	for i := range boot {
		if a := &boot[i]; len(a.sends)+len(a.told) > 0 {
			t.line(0, a.step.Node, t.sentence("starts", a))
		}
	}
	for i := range steps {
		t.line(i+1, steps[i].step.Node, t.sentence(t.happens(&steps[i]), &steps[i]))
	}
	return t.lines, nil
}

// Switches returns how often the next step of the path is another node's.
func (p *Path) Switches() int {
	n := 0
	for i := 1; i < len(p.Steps); i++ {
		if p.Steps[i].Node != p.Steps[i-1].Node {
			n++
		}
	}
	return n
}

// teller writes a story.
type teller struct {
	words
	number, margin int // columns of numbers and of names
	last           network.ID
	lines          []string
}

// line adds a step, broken into lines.
func (t *teller) line(number int, node network.ID, text string) {
	name := t.name(node)
	if len(t.lines) > 0 && node == t.last && number > 0 {
		name = ""
	}
	t.last = node
	head := fmt.Sprintf("%*d  %-*s  ", t.number, number, t.margin, name)
	indent := strings.Repeat(" ", utf8.RuneCountInString(head)+2)
	for _, part := range broken(text, storyColumns-len(indent)) {
		t.lines = append(t.lines, head+part)
		head = indent
	}
}

// broken cuts a text at spaces so that no part is longer than it may be, but for words.
func broken(text string, columns int) []string {
	var parts []string
	for utf8.RuneCountInString(text) > columns {
		at := -1
		for i, n := 0, 0; i < len(text); n++ {
			if text[i] == ' ' && (n <= columns || at < 0) {
				at = i
			}
			_, size := utf8.DecodeRuneInString(text[i:])
			i += size
		}
		if at < 0 {
			break
		}
		parts = append(parts, text[:at])
		text = text[at+1:]
	}
	return append(parts, text)
}

// happens tells what a step is.
func (t *teller) happens(a *act) string {
	s := &a.step
	var text string
	switch s.Kind {
	case StepDeliver:
		text = fmt.Sprintf("receives %s from %s (%d)", t.say(s.Msg), t.name(s.From), a.sent)
	case StepDrop:
		text = fmt.Sprintf("never gets %s from %s (%d): it is lost", t.say(s.Msg), t.name(s.From), a.sent)
	case StepDuplicate:
		text = fmt.Sprintf("may get %s from %s (%d) once more: it is doubled", t.say(s.Msg), t.name(s.From), a.sent)
	case StepTimer:
		text = fmt.Sprintf("timer %q fires", s.Name)
	case StepCrash:
		text = "crashes"
	case StepRestart:
		text = "starts again"
	case StepCut:
		text = fmt.Sprintf("partition %q begins", s.Name)
	case StepMend:
		text = fmt.Sprintf("partition %q ends", s.Name)
	default:
		text = s.Kind.String()
	}
	if len(s.Picks) > 0 {
		text += fmt.Sprintf(", choosing %s", strings.Trim(fmt.Sprint(s.Picks), "[]"))
	}
	return text
}

// sentence adds to what happens what comes of it.
func (t *teller) sentence(text string, a *act) string {
	for _, told := range a.told {
		text += ", " + t.telling(&told)
	}
	for i := 0; i < len(a.sends); {
		msg := t.say(a.sends[i].Msg)
		var to []string
		from := i
		for ; i < len(a.sends) && t.say(a.sends[i].Msg) == msg; i++ {
			to = append(to, t.name(a.sends[i].To))
		}
		if a.step.Kind == StepDeliver && len(to) == 1 && a.sends[from].To == a.step.From {
			text += ", answers " + msg
		} else {
			text += fmt.Sprintf(", sends %s to %s", msg, strings.Join(to, " "))
		}
	}
	switch {
	case a.panicked != "":
		first, _, _ := strings.Cut(a.panicked, "\n")
		text += ", and its code panics: " + first
	case a.crashed:
		text += ", and crashes before its disk has finished"
	case a.step.Kind == StepDeliver && len(a.told)+len(a.sends)+len(a.changes) == 0:
		text += ", and ignores it"
	}
	if len(a.changes) > 0 {
		text += "  [" + strings.Join(a.changes, "; ") + "]"
	}
	return text
}

// telling is what a node tells.
func (t *teller) telling(e *Told) string {
	switch e.Kind {
	case sim.Invoke:
		return "invokes " + t.say(e.Value)
	case sim.Return:
		text := "returns " + plainText(e.Name)
		if r, ok := e.Value.(nodes.Result); !ok || r != (nodes.Result{}) {
			text += " " + t.say(e.Value)
		}
		return text
	}
	return "notes " + plainText(e.Name)
}
