package service

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// A Log knows what became of the requests of all clients of a world, second by second of virtual time.
// It reads the event stream.
type Log struct {
	w     *sim.World
	kinds map[string]*kindLog
	ops   map[uint64]*operation // not ended, or seen at the server since
	runs  []Runs
	twice error
	last  [recovered]bool // of the requests that ended last, whether they were OK
	ended int
}

// recovered is how many requests in a row must be answered for a service to be well.
const recovered = 20

type kindLog struct {
	seconds   []Count
	latencies []time.Duration // of those that are OK
}

type operation struct {
	began sim.Time
	ends  sim.Time // its deadline
	kind  *kindLog
	ran   uint64 // attempts that a server began, as bits; those beyond 63 share the last
	on    sim.HostID
}

// Count is how many requests of those that began within some time ended how.
type Count struct {
	Asked    int // all of them
	OK       int // answered within their deadline
	Late     int // answered after it
	Failed   int
	TimedOut int
	Rejected int // by a policy of the client: never sent
}

// Percent returns how many of 100 requests were answered within their deadline, 100 if there was none.
func (c Count) Percent() float64 {
	if c.Asked == 0 {
		return 100
	}
	return float64(100*c.OK) / float64(c.Asked)
}

func (c *Count) add(d Count) {
	c.Asked += d.Asked
	c.OK += d.OK
	c.Late += d.Late
	c.Failed += d.Failed
	c.TimedOut += d.TimedOut
	c.Rejected += d.Rejected
}

// Runs is what servers had to do with within a second.
type Runs struct {
	Sent   int // attempts that clients sent
	Begun  int // attempts that a worker took
	Wasted int // of these, those after the deadline of their operation or after its end
}

// Watch returns the log of a world. It is to be called before the run.
func Watch(w *sim.World) *Log {
	l := &Log{w: w, kinds: map[string]*kindLog{}, ops: map[uint64]*operation{}}
	w.Observe(l.observe)
	return l
}

func (l *Log) observe(e *sim.Event) {
	switch e.Kind {
	case sim.Invoke:
		if o, ok := e.Value.(Operation); ok {
			k := l.kind(o.Kind)
			l.ops[e.ID] = &operation{began: e.At, ends: e.At.Add(o.Deadline), kind: k}
			k.at(e.At).Asked++
		}
	case sim.Return:
		if o := l.ops[e.ID]; o != nil {
			o.end(e.At, Outcome(e.Name))
			l.last[l.ended%recovered] = Outcome(e.Name) == OK
			l.ended++
		}
	case sim.Crash: // a server has forgotten what it ran, and the network may still have a copy
		for _, o := range l.ops {
			if o.on == e.Host {
				o.ran = 0
			}
		}
	case sim.Send:
		if req, ok := e.Value.(network.Request); ok {
			if ask, ok := req.Body.(Ask); ok && ask.Op != 0 {
				l.runsAt(e.At).Sent++
			}
		}
	case sim.Note:
		if op, attempt, ok := parseRun(e.Name); ok {
			l.run(e, op, attempt)
		}
	}
}

// runs begins the note of a server about what a worker takes: operation and attempt, as in 17/1.
const runs = "service: runs "

func parseRun(note string) (op, attempt uint64, ok bool) {
	note, ok = strings.CutPrefix(note, runs)
	if !ok {
		return 0, 0, false
	}
	first, second, _ := strings.Cut(note, "/")
	op, bad := strconv.ParseUint(first, 10, 64)
	attempt, worse := strconv.ParseUint(second, 10, 32)
	return op, attempt, bad == nil && worse == nil
}

func (l *Log) kind(name string) *kindLog {
	if l.kinds[name] == nil {
		l.kinds[name] = &kindLog{}
	}
	return l.kinds[name]
}

// at returns the count of a second.
func (k *kindLog) at(t sim.Time) *Count {
	second := int(t / sim.Time(time.Second))
	for len(k.seconds) <= second {
		k.seconds = append(k.seconds, Count{})
	}
	return &k.seconds[second]
}

// end counts an operation in the second in which it began.
func (o *operation) end(at sim.Time, how Outcome) {
	c := o.kind.at(o.began)
	switch {
	case how == OK && at > o.ends:
		c.Late++
	case how == OK:
		c.OK++
		o.kind.latencies = append(o.kind.latencies, at.Sub(o.began))
	case how == Rejected:
		c.Rejected++
	case how == TimedOut:
		c.TimedOut++
	default:
		c.Failed++
	}
	o.ends = min(o.ends, at)
}

// runsAt returns the numbers of a second.
func (l *Log) runsAt(t sim.Time) *Runs {
	second := int(t / sim.Time(time.Second))
	for len(l.runs) <= second {
		l.runs = append(l.runs, Runs{})
	}
	return &l.runs[second]
}

// run counts an attempt that a worker began.
func (l *Log) run(e *sim.Event, op, attempt uint64) {
	r := l.runsAt(e.At)
	r.Begun++
	o := l.ops[op]
	if o == nil {
		return
	}
	if e.At > o.ends {
		r.Wasted++
	}
	bit := uint64(1) << min(attempt, 63)
	if attempt < 63 && o.ran&bit != 0 && l.twice == nil {
		l.twice = fmt.Errorf("attempt %d of operation %d was run twice", attempt, op)
	}
	o.ran |= bit
	o.on = e.Host
}

// Kinds returns the names of the kinds of requests there were, sorted.
func (l *Log) Kinds() []string {
	var names []string
	for name := range l.kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Seconds returns the counts of a kind of requests by the second in which they began.
func (l *Log) Seconds(kind string) []Count { return l.kind(kind).seconds }

// Between returns the count of a kind of requests that began in [from, until), both whole seconds.
func (l *Log) Between(kind string, from, until time.Duration) Count {
	var sum Count
	seconds := l.Seconds(kind)
	for i := int(from / time.Second); i < min(len(seconds), int(until/time.Second)); i++ {
		sum.add(seconds[i])
	}
	return sum
}

// Total returns the count of all requests of a kind.
func (l *Log) Total(kind string) Count {
	return l.Between(kind, 0, time.Duration(len(l.Seconds(kind)))*time.Second)
}

// Latency returns the p-th percentile, by nearest rank, of the latencies of the requests of a kind that
// were answered in time, and false if there was none. It sorts them.
func (l *Log) Latency(kind string, p int) (time.Duration, bool) {
	all := slices.Sorted(slices.Values(l.kind(kind).latencies))
	if len(all) == 0 {
		return 0, false
	}
	return all[max(0, (len(all)*p+99)/100-1)], true
}

// Runs returns what was sent and begun, by second.
func (l *Log) Runs() []Runs { return l.runs }

// Recovered returns nil if the last requests that ended, twenty of them, were all answered; else an error.
func (l *Log) Recovered() error {
	if l.ended < recovered {
		return fmt.Errorf("%d requests have ended, expected %d at least", l.ended, recovered)
	}
	bad := 0
	for _, ok := range l.last {
		if !ok {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of the last %d requests were not answered", bad, recovered)
	}
	return nil
}

// AtMostOnce returns an error if a server has run one attempt of an operation twice, without a crash between.
func (l *Log) AtMostOnce() error { return l.twice }
