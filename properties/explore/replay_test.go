package explore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// stroll returns a random path of a model.
func stroll(t *rapid.T, m explore.Model, steps int) *explore.Path {
	w, err := explore.NewWalk(m)
	require.NoError(t, err)
	first := w.Initial()
	path := []uint64{first[rapid.IntRange(0, len(first)-1).Draw(t, "boot")].Fingerprint}
	for range steps {
		next, err := w.Next(path)
		require.NoError(t, err)
		if len(next) == 0 {
			break
		}
		path = append(path, next[rapid.IntRange(0, len(next)-1).Draw(t, "step")].Fingerprint)
	}
	p, err := w.Path(path)
	require.NoError(t, err)
	return p
}

// troubled are models with all faults, each on all networks, and some without.
func troubled() map[string][]explore.Model {
	all := map[string][]explore.Model{
		"2pc": {models.TwoPhase(3, "")}, "increment": {models.Increment(3, true)},
		"chang-roberts": {models.ChangRoberts(3)}, "lease": {models.Lease(2, "")},
	}
	apart := func(others ...network.ID) []explore.NamedCut {
		return []explore.NamedCut{{Name: "apart", Cut: network.Complete([]network.ID{0}, others)}}
	}
	faults := explore.Budget{Crashes: 2, Restarts: 2, Drops: 1, Duplicates: 2, Partitions: 1, Cuts: apart(1)}
	fate := func(*explore.State) bool { return false }
	for _, semantics := range []explore.Semantics{explore.NonDuplicating, explore.Duplicating, explore.Ordered} {
		faults := permitted(explore.Model{Network: semantics, Faults: faults})
		all["fateful"] = append(all["fateful"], fateful(semantics, faults, fate))
		h := models.Harness{Clients: 2, Servers: 3, Network: semantics, Faults: faults}
		h.Faults.Cuts = apart(1, 2)
		all["paxos"] = append(all["paxos"], models.Paxos(h))
		all["abd"] = append(all["abd"], models.ABD(h))
		raft := models.Raft(models.RaftConfig{}, h.Faults)
		raft.Network = semantics
		all["raft"] = append(all["raft"], raft)
		h.Lossy, h.Faults.Drops = true, 0
		all["primary-backup"] = append(all["primary-backup"], models.PrimaryBackup(h))
	}
	timed := func(m explore.Model, least time.Duration) explore.Model {
		m.Timed = &explore.Timed{Tick: time.Millisecond, Min: least, Max: 3 * time.Millisecond}
		return m
	}
	clocks := &explore.Timed{Tick: 1e6, Min: 1e6, Max: 2e6, Clocks: true, Horizon: 20 * time.Millisecond}
	all["timed"] = []explore.Model{timed(fateful(explore.NonDuplicating, faults, fate), 0), pingPong(5*time.Millisecond, clocks),
		timed(models.Paxos(models.Harness{Clients: 2, Servers: 3, Faults: faults}), 1e6), timed(letters(explore.NonDuplicating), 1e6)}
	return all
}

func TestEveryPathCanBeToldReplayedAndFollowedAsAWorld(t *testing.T) {
	for name, all := range troubled() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				m := rapid.SampledFrom(all).Draw(t, "model")
				p := stroll(t, m, rapid.IntRange(0, 40).Draw(t, "steps"))
				again, err := explore.Replay(m, p.Script())
				require.NoError(t, err)
				require.Equal(t, p.Script(), again.Script())
				require.Equal(t, p.Steps, again.Steps)
				_, err = again.Story()
				require.NoError(t, err)
				_, err = again.Lanes()
				require.NoError(t, err)
				_, err = again.Course()
				require.NoError(t, err)
				_, err = again.Scene(again.Len() - 1)
				require.NoError(t, err)
				_, err = again.Follow(nil)
				require.NoError(t, err)
			})
		})
	}
}

func TestAPathAsAWorldHasThePathsDeliveriesInOrder(t *testing.T) {
	o := violated(t, models.Paxos(models.Harness{Clients: 2, Servers: 3, Bug: "promise-lower"}))
	var want, got []any
	for _, s := range o.Path.Steps {
		want = append(want, s.Node)
	}
	f, err := o.Path.Follow(func(w *sim.World) {
		w.Observe(func(e *sim.Event) {
			if e.Kind == sim.Deliver {
				got = append(got, e.Host)
			}
		})
	})
	require.NoError(t, err)
	require.Equal(t, want, got)
	again, err := o.Path.Follow(nil)
	require.NoError(t, err)
	require.Equal(t, f, again)
}

func TestAWorldThatGoesDifferentlyIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		mood int // in the world
		want string
	}{"like in the search": {1, ""}, "otherwise": {2, "as a world it goes differently: at the end b is in another state"}} {
		t.Run(name, func(t *testing.T) {
			mood := 1
			m := explore.Model{Name: "moody", Nodes: []explore.Node{
				{Name: "a", Boot: func(ep *network.Endpoint) network.Handler { ep.Send(1, "hello"); return &grumpy{} }},
				{Name: "b", Boot: func(ep *network.Endpoint) network.Handler {
					return &grumpy{mood: &mood}
				}},
			}, Properties: []explore.Property{explore.Always("silent", func(s *explore.State) error {
				if g := s.Node(1).(*grumpy); g.count > 0 {
					return errors.New("it counts")
				}
				return nil
			})}}
			p := violated(t, m).Path
			_, err := p.Story() // all of the explorer's nodes are made
			require.NoError(t, err)
			_, err = p.Follow(func(*sim.World) { mood = c.mood })
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, explore.ErrWorldDiffers)
			require.EqualError(t, err, c.want)
		})
	}
}

// grumpy counts by a number that is not its own.
type grumpy struct {
	mood  *int `explore:"-"`
	count int
}

func (g *grumpy) Receive(network.ID, any) { g.count += *g.mood }

func TestAScriptOfAnotherModelIsStale(t *testing.T) {
	m := models.SingleCopy(models.Harness{Clients: 2, Servers: 2})
	script := violated(t, m).Path.Script()
	edit := func(i int, from, to string) []string {
		lines := append([]string(nil), script...)
		require.Contains(t, lines[i], from)
		lines[i] = strings.Replace(lines[i], from, to, 1)
		return lines
	}
	for name, c := range map[string]struct {
		model  explore.Model
		script []string
		want   string
	}{
		"no lines":            {m, nil, "it has no first state"},
		"another model":       {models.SingleCopy(models.Harness{Clients: 2, Servers: 1}), script, "it does not begin in state "},
		"another message":     {m, edit(1, "put A", "put C"), `step 1: "deliver c2 -> s0 #2 put C" cannot happen, but ["deliver c2 -> s0 #2 put A" "deliver c3 -> s1 #3 put B"] can`},
		"its beginning":       {m, script[:2], ""},
		"a step too early":    {m, append(script[:1:1], script[2:]...), `step 1: "deliver s0 -> c2 #2 put ok" cannot happen, but `},
		"a step too often":    {m, append(script, script[4]), `step 5: "deliver s1 -> c2 #4 get ok: nothing" cannot happen, but `},
		"a line that is none": {m, edit(3, " = ", " - "), "step 3: expected a step and the state that it leads to"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := explore.Replay(c.model, c.script)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, explore.ErrStale)
			require.ErrorContains(t, err, c.want)
		})
	}
	lines := append([]string(nil), script...)
	lines[2] = lines[2][:len(lines[2])-16] + "0123456789abcdef"
	_, err := explore.Replay(m, lines)
	require.ErrorContains(t, err, `step 2: "deliver s0 -> c2 #2 put ok" leads to another state than 0123456789abcdef`)
}

func TestAPathViolatesWhatTheSearchSaysItDoes(t *testing.T) {
	for _, m := range []explore.Model{
		models.SingleCopy(models.Harness{Clients: 2, Servers: 2}),
		models.Increment(2, false),
		models.CommitCrash(2, 1, ""),
		models.CommitCrash(2, 0, "impatient"),
		leading(),
	} {
		r, err := explore.Search(m, explore.Config{NoStop: true})
		require.NoError(t, err)
		require.Equal(t, properties.Fail, r.Verdict, m.Name)
		for _, o := range r.Outcomes {
			if o.Path == nil || o.Kind == explore.KindSometimes {
				continue
			}
			p, err := explore.Replay(m, o.Path.Script())
			require.NoError(t, err)
			require.Equal(t, o.Path.Loop(), p.Loop())
			why, err := p.Violates(o.Name)
			require.NoError(t, err)
			require.NotEmpty(t, why, "%s: %s", m.Name, o.Name)
			start, err := explore.Replay(m, o.Path.Script()[:1])
			require.NoError(t, err)
			why, err = start.Violates(o.Name)
			require.NoError(t, err)
			require.Empty(t, why, "%s: %s", m.Name, o.Name)
		}
	}
	p, err := explore.Replay(models.DieHard(), violated(t, models.DieHard()).Path.Script())
	require.NoError(t, err)
	_, err = p.Violates("something else")
	require.ErrorIs(t, err, explore.ErrStale)
}

// leading is DieHard with something that a full jug is to lead to, and does not always.
func leading() explore.Model {
	m := models.DieHard()
	contains := func(text string) func(*explore.State) bool {
		return func(s *explore.State) bool { return strings.Contains(fmt.Sprint(s.Node(0)), text) }
	}
	m.Properties = []explore.Property{explore.LeadsTo("full leads to four", contains("big 5"), contains("big 4"))}
	return m
}

func FuzzParseScriptLine(f *testing.F) {
	for _, line := range []string{"boot = 0123456789abcdef", "crash s0 = 123", "a = b = ffffffffffffffff", " = 0123456789abcdef", "", "x\n = 0123456789abcdef"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		told, state, err := explore.ParseScriptLine(line)
		if err != nil {
			require.EqualError(t, err, `expected a step and the state that it leads to, such as "crash s0 = 0123456789abcdef"`)
			return
		}
		require.Equal(t, line, explore.ScriptLine(told, state))
	})
}
