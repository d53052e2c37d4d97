package explore

import (
	"cmp"
	"fmt"
	"strings"
	"time"
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
	letter   *letter // that it is about, nil if none
	sends    []Envelope
	told     []Told
	changes  []string
	crashed  bool // in the middle of it
	panicked string
	passed   time.Duration // how long time passes, in the first of several ticks in a row
}

// account is all that happened on a path.
type account struct {
	boot  []act // one for each node
	steps []act
	mail  *mail
}

// account goes along a path.
func (p *Path) account() (*account, error) {
	if p.first == nil {
		return nil, fmt.Errorf("%w: a path of worlds has steps, but no states to tell of", ErrModel)
	}
	c := &account{mail: newMail(p.sys)}
	if err := p.boots(c); err != nil {
		return nil, err
	}
	for i := range p.steps {
		s, before, after := &p.steps[i], p.State(i), p.State(i+1)
		a := act{step: p.Steps[i]}
		switch s.kind {
		case StepDeliver, StepDrop, StepDuplicate:
			a.letter = c.mail.take(s)
		case StepTick:
			c.mail.tick()
			p.passes(c, &a)
		}
		if s.out != nil {
			p.fill(&a, s.out)
			c.mail.send(s.out, i+1, a.answers())
			a.changes = p.changes(a.step.Node, before, after)
			a.crashed = s.out.lost > 0 && s.kind != StepCrash
			a.panicked = after.local(a.step.Node).panic
		}
		if err := cmp.Or(before.err, after.err); err != nil {
			return nil, err
		}
		c.steps = append(c.steps, a)
	}
	return c, nil
}

// passes adds a tick, the next act, to those that come right before it, if there are any.
func (p *Path) passes(c *account, a *act) {
	first := len(c.steps)
	for first > 0 && first != p.round() && c.steps[first-1].step.Kind == StepTick {
		first--
	}
	tick := p.sys.m.Timed.Tick
	if first == len(c.steps) {
		a.passed = tick
	} else {
		c.steps[first].passed += tick
	}
}

// merged reports whether an act is a tick that the first one in a row tells of.
func (a *act) merged() bool { return a.step.Kind == StepTick && a.passed == 0 }

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

// boots goes through what happened before the first state.
func (p *Path) boots(c *account) error {
	for host := range p.sys.hosts {
		out, err := p.sys.outcomes(0, network.ID(host), event{kind: StepBoot}, &spares{})
		if err != nil {
			return err
		}
		a := act{step: Step{Kind: StepBoot, Node: network.ID(host), From: sim.NoHost}}
		for out != nil && out.next != p.first[rowLocals+host] {
			out = out.more
		}
		if out == nil {
			return fmt.Errorf("%w: %s did not boot twice in the same way", ErrModel, p.sys.name(network.ID(host)))
		}
		p.fill(&a, out)
		a.step.Picks = out.picks
		c.mail.send(out, 0, false)
		c.boot = append(c.boot, a)
	}
	return nil
}

// Story tells the path in lines of at most 120 columns: the boot as step 0, and then what
// happens in each step, what the node sends and tells in it, and in brackets how its state
// changes. The name of a node stands in front of a step only where the step before was of
// another one. What is told of a message in parentheses is the step that it was sent in.
// Ticks in a row are told in one line, which has the number of the first.
// The error wraps ErrModel if the nodes do not do again what they did in the search.
func (p *Path) Story() ([]string, error) {
	c, err := p.account()
	if err != nil {
		return nil, err
	}
	t := teller{words: words{name: p.sys.name}, number: len(fmt.Sprint(len(c.steps)))}
	for _, acts := range [][]act{c.boot, c.steps} {
		for i := range acts {
			t.margin = max(t.margin, utf8.RuneCountInString(t.actor(&acts[i].step)))
		}
	}
	for i := range c.boot {
		if a := &c.boot[i]; len(a.sends)+len(a.told) > 0 {
			t.line(0, "starts", a)
		}
	}
	for i := range c.steps {
		a := &c.steps[i]
		if i == p.round() {
			t.lines = append(t.lines, "What follows goes round for ever:")
		}
		if !a.merged() {
			t.line(i+1, t.happens(a), a)
		}
	}
	return t.lines, nil
}

// round returns the place of the state from which the path goes round, -1 if it ends.
func (p *Path) round() int {
	if p.loop < 0 || p.loop >= len(p.rows) || sumOf(p.State(p.loop).row) != sumOf(p.last()) {
		return -1
	}
	return p.loop
}

// Switches returns how often the next step of the path is another node's. Ticks are
// nobody's and do not count.
func (p *Path) Switches() int {
	n := 0
	var last *Step
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Kind == StepTick {
			continue
		}
		if last != nil && s.Node != last.Node {
			n++
		}
		last = s
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

// actor is the name that stands in front of a step, none for a tick.
func (t *teller) actor(s *Step) string {
	if s.Kind == StepTick {
		return ""
	}
	return t.name(s.Node)
}

// line adds a step, broken into lines. Changes that do not fit stand below.
func (t *teller) line(number int, text string, a *act) {
	text = t.sentence(text, a)
	name := t.actor(&a.step)
	if number > 1 && a.step.Node == t.last {
		name = ""
	}
	t.last = a.step.Node
	head := fmt.Sprintf("%*d  %-*s  ", t.number, number, t.margin, name)
	indent := strings.Repeat(" ", utf8.RuneCountInString(head)+2)
	room := storyColumns - len(indent)
	parts := broken(text, room)
	if len(a.changes) > 0 {
		changes := "[" + strings.Join(a.changes, "; ") + "]"
		if last := &parts[len(parts)-1]; utf8.RuneCountInString(*last+changes)+2 <= room {
			*last += "  " + changes
		} else {
			parts = append(parts, broken(changes, room)...)
		}
	}
	for _, part := range parts {
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
		text = fmt.Sprintf("receives %s from %s (%d)", t.say(s.Msg), t.name(s.From), a.letter.step)
	case StepDrop:
		text = fmt.Sprintf("never gets %s from %s (%d): it is lost", t.say(s.Msg), t.name(s.From), a.letter.step)
	case StepDuplicate:
		text = fmt.Sprintf("may get %s from %s (%d) once more: it is doubled", t.say(s.Msg), t.name(s.From), a.letter.step)
	case StepTimer:
		text = fmt.Sprintf("timer %q fires", s.Name)
	case StepTick:
		text = "time passes: " + a.passed.String()
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
		for ; i < len(a.sends) && t.say(a.sends[i].Msg) == msg; i++ {
			to = append(to, t.name(a.sends[i].To))
		}
		if a.answers() {
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
	return text
}

// answers reports whether what is sent in a step is the answer to what is delivered in it:
// that one message back, by a node that tells nothing, and to what is no answer itself. A
// client that got an answer sends its next request.
func (a *act) answers() bool {
	s := &a.step
	return s.Kind == StepDeliver && s.From != s.Node && !a.letter.answer && len(a.told) == 0 &&
		len(a.sends) == 1 && a.sends[0].To == s.From
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
