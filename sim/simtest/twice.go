package simtest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"phoenix/sim"
)

// Twice runs body twice for each seed, with GOMAXPROCS at 1 and at 4, and fails t
// unless both runs told the same events. It shows the first one that differs.
//
// Body builds a world and runs it. A seed without events fails too, and so does one
// whose digest leaves something out (see World.Opaque): nothing was compared then.
// Panics of node code are events like others. It stops after three failing seeds,
// and is not for parallel tests.
func Twice(t testing.TB, opt Options, body func(w *sim.World)) {
	t.Helper()
	failed := 0
	for seed := range opt.Range().All() {
		trouble := compare(opt, seed, body)
		if trouble == "" {
			continue
		}
		t.Errorf("seed %#x: %s\n  %s", seed, trouble, reproduction(t.Name(), seed))
		if failed++; failed == shownFailures {
			return
		}
	}
}

// result is what must be equal.
type result struct {
	digest sim.Digest
	events uint64
}

// compare returns what is wrong with a seed.
func compare(opt Options, seed uint64, body func(w *sim.World)) string {
	var results [2]result
	var opaque error
	run := func(i, processors int, observe func(*sim.Event)) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		w := opt.world(seed)
		defer w.Close()
		if observe != nil {
			w.Observe(observe)
		}
		body(w)
		results[i] = result{w.Digest(), w.Events()}
		opaque = w.Opaque()
	}
	run(0, 1, nil)
	run(1, 4, nil)
	switch {
	case results[0] != results[1]:
	case opaque != nil:
		return fmt.Sprintf("the digest does not cover all that was said: %v", opaque)
	case results[0].events == 0:
		return "no event happened, nothing was compared"
	default:
		return ""
	}
	text := fmt.Sprintf("two runs differ: %d events, digest %s, and %d events, digest %s",
		results[0].events, results[0].digest, results[1].events, results[1].digest)
	for range 3 { // the difference may not show every time
		var stories [2]story
		run(0, 1, stories[0].add)
		run(1, 4, stories[1].add)
		if results[0] != results[1] {
			return text + "\n" + difference(&stories[0], &stories[1])
		}
	}
	return text + "\nrun again, they did not differ"
}

// story is all that happened in a run.
type story struct {
	facts []string // what the digest covers
	lines []string // what a person reads; may hold addresses
}

func (s *story) add(e *sim.Event) {
	fact := *e
	fact.Value, fact.Data = nil, nil
	s.facts = append(s.facts, fmt.Sprintf("%v %t %x", fact, e.Data != nil, e.Data))
	s.lines = append(s.lines, string(e.AppendText(nil, func(id sim.HostID) string { return fmt.Sprint("host ", id) })))
}

// neighbours is how many events before and after a difference are shown.
const neighbours = 3

// difference tells the first event in which a and b differ, with its neighbours.
func difference(a, b *story) string {
	i := 0
	for i < min(len(a.facts), len(b.facts)) && a.facts[i] == b.facts[i] {
		i++
	}
	var out strings.Builder
	fmt.Fprintf(&out, "first at event %d:", i+1)
	show := func(who string, lines []string, from, to int) {
		for j := max(from, 0); j < min(to, len(lines)); j++ {
			fmt.Fprintf(&out, "\n  %-6s %s", who, lines[j])
		}
		if from >= len(lines) {
			fmt.Fprintf(&out, "\n  %-6s ended", who)
		}
	}
	if i > 0 {
		show("both", a.lines, i-neighbours, i)
	}
	show("first", a.lines, i, i+neighbours)
	show("second", b.lines, i, i+neighbours)
	return out.String()
}
