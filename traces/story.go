package traces

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"phoenix/properties/scenario"
	"phoenix/sim"
)

// Story is a failing run as a person tells it: the events that matter, in order of
// virtual time, and why it is wrong.
//
// These events matter. They are few in a run that was shrunk; of any other run the story
// is about the same things, among more faults.
//
//   - The operations that contradict each other, if the run is not linearizable: those of
//     the contradiction that linear.Check proves, what else may have changed the object,
//     what wrote the values that they read, and in a run that was shrunk to the end also
//     those on the key that overlap them, for none can be spared. The call and the return
//     of an operation are one event, though the return has a line of its own where
//     something else that matters comes between.
//   - Each fault of the plan that had an effect (in a run that was shrunk to the end
//     all of them): its beginning, its end and what it did are one event. A crash
//     and its restart belong to the fault. The noise of the links is one fault.
//   - The messages that carried a value to where it was read: of each operation of the
//     contradiction that read a value, the first message from another server with that
//     value that reached the server which answered.
//   - If another property failed: of the hosts that its detail names, or of all if it names
//     none, what each remarked last (its Note) before that, and what else they remarked
//     about a thing that the detail has by a word with digits, such as a term; the message
//     whose delivery led to the failure, with the remarks on the way there from what its
//     sender was told; the operations that had not ended; a panic.
//
// All else is routine: requests and answers (they are the operations), acknowledgements,
// queries, heartbeats, retransmissions, timers, and operations whose answers contradict
// nobody.
type Story struct {
	Steps  []Step
	Matter int    // how many events matter
	Wrong  string // why it is wrong
}

// Step is a line of a story.
type Step struct {
	At sim.Time `json:"at_ns"`
	// Number counts the events that matter, from 1; 0 is for all else, and for the return
	// of an operation that was numbered when it was called.
	Number int    `json:"number,omitempty"`
	Text   string `json:"text"`

	event uint64 // the order among steps of one time
}

// Tell runs a failure and returns its story, with every event of the run among the
// steps if all, and the result. It panics if the run does not fail.
func Tell(s *scenario.Scenario, f *Failure, all bool) (*Story, *scenario.Result) {
	t := &teller{s: s, returns: map[uint64]int{}, steps: []Step{}}
	t.result, _ = f.run(s, t.watch)
	o := failed(t.result)
	t.explain(f, o)
	st := &Story{Steps: t.inOrder(), Matter: t.matter, Wrong: o.Name + ": " + o.Detail}
	if o.Name == scenario.LinearizableName {
		st.Wrong = o.Detail
	}
	if all {
		st.Steps = t.withAll(st.Steps)
	}
	return st, t.result
}

// WriteText prints the story, a step in each line.
//
//	story: 3 events that matter
//	  1        0s  c1 asks s1 to write x 1: ok after 2ms
//	  2       3ms  c2 asks s2 to read x: absent after 2ms
//	  wrong: not linearizable (key x): read of x returned nil after 1 was acknowledged
func (st *Story) WriteText(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "story: %s\n", matters(st.Matter))
	for _, step := range st.Steps {
		number := ""
		if step.Number > 0 {
			number = fmt.Sprint(step.Number)
		}
		fmt.Fprintf(&b, "  %3s %12s  %s\n", number, step.At, printable(step.Text))
	}
	fmt.Fprintf(&b, "  wrong: %s\n", printable(st.Wrong))
	_, err := w.Write(b.Bytes())
	return err
}

func matters(n int) string {
	if n == 1 {
		return "1 event that matters"
	}
	return fmt.Sprintf("%d events that matter", n)
}

// teller makes the story of a run.
type teller struct {
	s      *scenario.Scenario
	w      *sim.World
	events []sim.Event // all, without their encodings
	result *scenario.Result
	steps  []Step
	matter int
	// returns are the returns of operations, by the number of the operation.
	returns map[uint64]int
}

func (t *teller) watch(w *sim.World) {
	t.w = w
	w.Observe(func(e *sim.Event) {
		c := *e
		c.Data = nil
		t.events = append(t.events, c)
		if e.Kind == sim.Return {
			t.returns[e.ID] = len(t.events) - 1
		}
	})
}

// event returns the event of that number, nil for 0.
func (t *teller) event(seq uint64) *sim.Event {
	if seq == 0 || seq > uint64(len(t.events)) {
		return nil
	}
	return &t.events[seq-1]
}

func (t *teller) name(id sim.HostID) string { return t.w.HostName(id) }

// isServer reports whether a host is one of the servers.
func (t *teller) isServer(id sim.HostID) bool {
	return id >= 0 && int(id) < t.result.Config.Servers
}

// add adds an event that matters, unless it is told already.
func (t *teller) add(at sim.Time, event uint64, text string) {
	if slices.ContainsFunc(t.steps, func(s Step) bool { return s.At == at && s.Text == text }) {
		return
	}
	t.steps = append(t.steps, Step{At: at, Number: 1, Text: text, event: event})
}

// inOrder numbers the steps.
func (t *teller) inOrder() []Step {
	slices.SortStableFunc(t.steps, func(a, b Step) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.event, b.event))
	})
	for i := range t.steps {
		if t.steps[i].Number > 0 {
			t.matter++
			t.steps[i].Number = t.matter
		}
	}
	return t.steps
}

// withAll puts the events of the run between the steps that matter.
func (t *teller) withAll(steps []Step) []Step {
	var all []Step
	for i := range t.events {
		e := &t.events[i]
		for len(steps) > 0 && (steps[0].At < e.At || steps[0].At == e.At && steps[0].event <= e.Seq) {
			all, steps = append(all, steps[0]), steps[1:]
		}
		words := strings.Fields(string(e.AppendText(nil, t.name)))
		words = slices.Delete(words, 0, 2) // number and time
		all = append(all, Step{At: e.At, Text: fmt.Sprintf("· %d %s", e.Seq, strings.Join(words, " ")), event: e.Seq})
	}
	return append(all, steps...)
}
