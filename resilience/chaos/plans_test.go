package chaos_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim"
	"phoenix/sim/disk"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// bodies are faults of every kind and mode. HOSTS is filled in.
var bodies = strings.Split(strings.TrimSpace(`
crash HOSTS
crash HOSTS keeping all
crash HOSTS keeping nothing
restart HOSTS
restart HOSTS wiped
pause HOSTS
resume HOSTS
slow HOSTS by 3ms
clock HOSTS offset -3s
clock HOSTS jump 2s
clock HOSTS drift 100000000
clock HOSTS drift -100000000
disk HOSTS torn 50%
disk HOSTS misdirected 50%
disk HOSTS rot 50%
disk HOSTS lost-write 50%
disk HOSTS lost-rename 50%
disk HOSTS read-error 50%
disk HOSTS write-error 50%
disk HOSTS sync-error 50%
disk HOSTS full
disk HOSTS slow by 7ms
disk HOSTS stall
exhaust HOSTS inbox 2
exhaust HOSTS bandwidth 1000
exhaust HOSTS disk 2000
byzantine HOSTS equivocate 50%
byzantine HOSTS lie 50%
byzantine HOSTS silent 50% to a b
byzantine HOSTS replay 50%
byzantine HOSTS corrupt 50%
loss 30% of HOSTS
loss 30% from HOSTS to a
delay uniform(1ms,9ms) between HOSTS and c
duplicate 30% of HOSTS
reorder 30% of HOSTS
reorder 30% by 4ms of HOSTS
corrupt 30% of HOSTS
clog of HOSTS
clog from a to HOSTS
swizzle HOSTS
partition complete a | b
partition partial HOSTS | c
partition partial HOSTS | c flapping 3ms
partition one-way HOSTS | a
partition bridge HOSTS | b | c
partition ring a b c d
lose message 3 from a to b
hold message 4 from b to c by 11ms
repeat message 5 from c to a by 11ms
`), "\n")

// faultOf draws a fault from bodies that begins within 80 ms, lasts some time if it
// can, and strikes some of the hosts.
func faultOf(bodies []string, hosts ...string) *rapid.Generator[chaos.Fault] {
	return rapid.Custom(func(r *rapid.T) chaos.Fault {
		body := rapid.SampledFrom(bodies).Draw(r, "body")
		f, err := chaos.ParseFault(strings.ReplaceAll(body, "HOSTS", rapid.SampledFrom(hosts).Draw(r, "hosts")))
		require.NoError(r, err)
		lasting := f
		lasting.For = time.Duration(rapid.IntRange(4, 40).Draw(r, "for")) * time.Millisecond
		if valid(lasting) && (f.Every > 0 || rapid.Bool().Draw(r, "ends")) {
			f = lasting
		}
		later := f
		later.At = time.Duration(rapid.IntRange(0, 80).Draw(r, "at")) * time.Millisecond
		if valid(later) {
			return later
		}
		return f
	}).Filter(valid)
}

func valid(f chaos.Fault) bool { return chaos.Plan{f}.Validate(fourHosts, new(mesh).cast()) == nil }

var fourHosts = []string{"a", "b", "c", "d"}

func drawPlan(r *rapid.T, bodies []string) chaos.Plan {
	return rapid.SliceOfN(faultOf(bodies, whom...), 1, 8).Draw(r, "plan")
}

// busy is a mesh on noisy links whose hosts use their disks too. What each hears and
// finds is noted for "ab" or "a", with the time.
func busy(w *sim.World, plan chaos.Plan) (m *mesh, diary map[string][]string) {
	m = &mesh{world: w, heard: map[string]string{}}
	diary = map[string][]string{}
	some := network.ProbOf(0.1)
	m.net = network.New(w, network.Config{
		Link: network.Link{Delay: network.Uniform(time.Millisecond, 5*time.Millisecond), Loss: some, Duplicate: some, Reorder: some},
		Disk: disk.Config{Sync: disk.Latency{Min: time.Millisecond, Max: 2 * time.Millisecond}},
	})
	for _, name := range fourHosts {
		m.net.Add(name, func(ep *network.Endpoint) network.Handler {
			note := func(who, format string, args ...any) {
				text := fmt.Sprintf(format, args...)
				ep.Note("%s", text)
				diary[who] = append(diary[who], w.Now().String()+" "+text)
			}
			busyDisk(ep, func(format string, args ...any) { note(ep.Name(), format, args...) })
			m.boot(ep)
			return diarist{func(from network.ID, msg any) { note(ep.NameOf(from)+ep.Name(), "%v", msg) }}
		})
	}
	m.plan = chaos.Apply(m.net, m.cast(), plan)
	return m, diary
}

// busyDisk appends to a file every 10 ms, syncs it and reads it.
func busyDisk(ep *network.Endpoint, note func(format string, args ...any)) {
	d := ep.Disk()
	log, err := d.ReadFile("log")
	note("boots at %v with %x %v", ep.Now(), log, err)
	n := byte(0)
	var tick *sim.Timer
	tick = ep.Timer("disk", func() {
		n++
		if err := d.Append("log", []byte{n}); err != nil {
			note("%v", err)
		}
		d.Sync("log", func(err error) {
			log, errRead := d.ReadFile("log")
			note("synced %v, read %x %v", err, log, errRead)
		})
		tick.Reset(turns)
	})
	tick.Reset(turns)
}

type diarist struct{ receive func(network.ID, any) }

func (d diarist) Receive(from network.ID, msg any) { d.receive(from, msg) }

var until = sim.Limit{Until: sim.Time(100 * time.Millisecond)}

var whom = []string{"a", "b", "c", "a b", "2 of a b c", "60% of a b c", "a b c", "role:leader"}

func TestPlansOfAllKindsAreDeterministic(t *testing.T) {
	runTwice := func(tb testing.TB, plan chaos.Plan, seed uint64) {
		simtest.Twice(tb, simtest.Options{Seeds: sim.SeedRange{First: seed, Count: 1}}, func(w *sim.World) {
			m, _ := busy(w, plan)
			w.Run(until)
			require.Empty(tb, w.Findings())
			for _, e := range m.plan.Effects() {
				require.False(tb, e.Fired == 0 && e.Touched > 0, "%s", e.Label())
			}
			m.plan.Heal()
			w.Run(sim.Limit{Until: sim.Time(150 * time.Millisecond)})
		})
	}
	for _, body := range bodies {
		text := strings.ReplaceAll(body, "HOSTS", "d")
		if strings.Contains(body, "flapping") {
			text = "for 40ms " + text
		}
		plan, err := chaos.ParsePlan(text)
		require.NoError(t, err)
		runTwice(t, plan, 1)
	}
	rapid.Check(t, func(r *rapid.T) {
		runTwice(rapidTB{t, r}, drawPlan(r, bodies), rapid.Uint64().Draw(r, "seed"))
	})
}

// rapidTB fails the case of rapid.
type rapidTB struct {
	testing.TB
	r *rapid.T
}

func (t rapidTB) Errorf(format string, args ...any) { t.r.Errorf(format, args...) }
func (t rapidTB) FailNow()                          { t.r.FailNow() }

// without returns the bodies that have none of the words.
func without(words ...string) []string {
	return slices.DeleteFunc(slices.Clone(bodies), func(body string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(body, w) })
	})
}

// Promise 2 of the design: a fault of d more or less changes nothing between the
// others, whatever else the plan has and whoever is drawn for it. (What a slow host
// does depends on all that it is told, and so does what its full inbox loses.)
func TestOneFaultMoreChangesNoUnrelatedDraw(t *testing.T) {
	fast := without("slow HOSTS", "inbox")
	ofHosts := slices.DeleteFunc(slices.Clone(bodies), func(body string) bool { return !strings.Contains(body, "HOSTS") })
	differ := 0
	rapid.Check(t, func(r *rapid.T) {
		plan := drawPlan(r, fast)
		extra := faultOf(ofHosts, "d").Draw(r, "extra")
		extra.At += time.Microsecond // no other says the same
		more := slices.Insert(slices.Clone(plan), rapid.IntRange(0, len(plan)).Draw(r, "place"), extra)
		seed := rapid.Uint64().Draw(r, "seed")
		before, after := diaryOf(seed, plan), diaryOf(seed, more)
		for who := range strings.FieldsSeq("ab ac ba bc ca cb a b c") {
			require.Equal(r, before[who], after[who], "%s, with %s", who, extra)
		}
		for who := range strings.FieldsSeq("ad bd cd da db dc d") {
			if !slices.Equal(before[who], after[who]) {
				differ++
				break
			}
		}
	})
	require.Positive(t, differ)
}

// A fault that lasts shorter strikes what it struck, as long as it lasts.
func TestAFaultThatEndsEarlierStrikesTheSameBefore(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		plan := drawPlan(r, bodies)
		i := rapid.IntRange(0, len(plan)-1).Draw(r, "fault")
		if plan[i].For < 2*time.Millisecond || plan[i].Kind == chaos.Swizzle || plan[i].Every > 0 {
			return
		}
		shorter := slices.Clone(plan)
		shorter[i].For /= 2
		seed := rapid.Uint64().Draw(r, "seed")
		end := sim.Time(shorter[i].At + shorter[i].For)
		require.Equal(r, eventsUntil(seed, plan, end), eventsUntil(seed, shorter, end))
	})
}

func diaryOf(seed uint64, plan chaos.Plan) map[string][]string {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	_, diary := busy(w, plan)
	w.Run(until)
	return diary
}

// eventsUntil returns the events before a time.
func eventsUntil(seed uint64, plan chaos.Plan, end sim.Time) string {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	var text []byte
	w.Observe(func(e *sim.Event) {
		if e.At < end {
			text = append(e.AppendText(text, w.HostName), '\n')
		}
	})
	busy(w, plan)
	w.Run(until)
	return string(text)
}

// After Heal the hosts that did not crash for good, their clocks, links and disks
// work as if nothing had been.
func TestHealLeavesAWorldThatWorks(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := sim.New(sim.Config{Seed: rapid.Uint64().Draw(r, "seed")})
		defer w.Close()
		m := meshIn(w, drawPlan(r, bodies))
		w.Run(sim.Limit{Until: sim.Time(rapid.IntRange(1, 99).Draw(r, "heal")) * sim.Time(time.Millisecond)})
		m.plan.Heal()
		effects := m.plan.Effects()
		for _, h := range w.Hosts() {
			h.Restart()
			require.False(r, h.Paused())
			require.Equal(r, w.Now(), h.Now(), "the clock of %s", h.Name())
		}
		w.Run(sim.Limit{Until: sim.Time(120 * time.Millisecond)}) // what was under way arrives
		m.heard = map[string]string{}
		w.Run(sim.Limit{Until: sim.Time(200 * time.Millisecond)})
		for _, from := range fourHosts {
			for _, to := range fourHosts {
				if from != to {
					require.Equal(r, "xxxxxxx", m.heard[from+to][13:], from+to)
				}
			}
		}
		for i, e := range m.plan.Effects() {
			require.Equal(r, effects[i].Fired, e.Fired, "%s began after Heal", e.Label())
		}
	})
}
