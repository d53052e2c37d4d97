package lease_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes/lease"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// story is a small world whose links take 1 ms and whose disks take no time: server,
// resource and clients that want the lock x.
type story struct {
	world   *sim.World
	net     *network.Network
	monitor *lease.Monitor
	told    []string // the notes, and what is released
}

const (
	server   network.ID = 0
	resource network.ID = 1
	first    network.ID = 2
	second   network.ID = 3
)

func tell(t testing.TB, cfg lease.Config, clients int) *story {
	s := &story{world: sim.New(sim.Config{Seed: 1})}
	t.Cleanup(s.world.Close)
	s.net = network.New(s.world, network.Config{Link: network.Link{Delay: network.Constant(ms)}, CheckMutation: true})
	cfg.Server, cfg.Resource = server, resource
	s.net.Add("server", lease.Server(cfg))
	s.net.Add("resource", lease.Resource(cfg))
	var all []network.ID
	for i := range clients {
		all = append(all, s.net.Add(fmt.Sprintf("c%d", i+1), lease.Client(cfg, "x")))
	}
	s.monitor = lease.Watch(s.world, all)
	s.world.Observe(func(e *sim.Event) {
		host := s.world.HostName(e.Host)
		if e.Kind == sim.Note {
			s.told = append(s.told, fmt.Sprintf("%s %s %s", e.At, host, strings.TrimPrefix(e.Name, "lease: ")))
		}
		if text := fmt.Sprint(e.Value); e.Kind == sim.Send && strings.HasPrefix(text, "release") {
			s.told = append(s.told, fmt.Sprintf("%s %s sends %s", e.At, host, text))
		}
	})
	return s
}

func (s *story) at(at time.Duration, do func()) { s.world.At(sim.Time(at), do) }

// during has something begin and end.
func (s *story) during(from, to time.Duration, begin func() func()) {
	s.at(from, func() { s.at(to, begin()) })
}

func (s *story) restart(from, to time.Duration, id network.ID) {
	h := s.world.Host(id)
	s.during(from, to, func() func() { h.Crash(); return h.Restart })
}

func (s *story) ends(t *testing.T, want ...string) {
	t.Helper()
	require.Equal(t, sim.Quiescent, s.world.Run(sim.Limit{}))
	require.NoError(t, s.monitor.MutualExclusion())
	require.NoError(t, s.monitor.Fencing())
	require.NoError(t, s.monitor.Settled())
	require.NoError(t, s.world.Opaque())
	require.Equal(t, want, s.told)
}

func TestAClientTakesTheLockWritesAndGivesItBack(t *testing.T) {
	s := tell(t, lease.Config{Writes: 2, Rounds: 2, Rest: 10 * ms}, 1)
	s.ends(t,
		`11ms server grants "x" token 1 to 2`,
		`12ms c1 holds "x" token 1 until 280ms on the monotonic clock`,
		`33ms resource accepts "x" token 1 from 2`,
		"52ms c1 sends release x token 1",
		`52ms c1 lets go of "x" token 1`,
		`53ms resource accepts "x" token 1 from 2`,
		`63ms server grants "x" token 2 to 2`,
		`64ms c1 holds "x" token 2 until 332ms on the monotonic clock`,
		`85ms resource accepts "x" token 2 from 2`,
		"104ms c1 sends release x token 2",
		`104ms c1 lets go of "x" token 2`,
		`104ms c1 has had its rounds of "x"`,
		`105ms resource accepts "x" token 2 from 2`)
}

// A holder counts from when it asked, and 10% less than the server for two drifts
// of 5%.
func TestAHolderStopsWhenItsLeaseHasRunOutOnItsOwnClock(t *testing.T) {
	s := tell(t, lease.Config{Writes: 100, Rounds: 1, Rest: 10 * ms, Lease: 100 * ms}, 1)
	s.ends(t,
		`11ms server grants "x" token 1 to 2`,
		`12ms c1 holds "x" token 1 until 100ms on the monotonic clock`,
		`33ms resource accepts "x" token 1 from 2`,
		`53ms resource accepts "x" token 1 from 2`,
		`73ms resource accepts "x" token 1 from 2`,
		`93ms resource accepts "x" token 1 from 2`,
		`112ms c1 lets go of "x" token 1`,
		`112ms c1 has had its rounds of "x"`,
		`113ms resource accepts "x" token 1 from 2`)
}

func TestAServerThatRestartsWaitsForLeasesToRunOut(t *testing.T) {
	s := tell(t, lease.Config{Writes: 100, Rounds: 1, Rest: 10 * ms, Lease: 100 * ms}, 2)
	s.restart(30*ms, 40*ms, server)
	s.ends(t,
		`11ms server grants "x" token 1 to 2`,
		`12ms c1 holds "x" token 1 until 100ms on the monotonic clock`,
		`33ms resource accepts "x" token 1 from 2`,
		`53ms resource accepts "x" token 1 from 2`,
		`73ms resource accepts "x" token 1 from 2`,
		`93ms resource accepts "x" token 1 from 2`,
		`112ms c1 lets go of "x" token 1`,
		`112ms c1 has had its rounds of "x"`,
		`113ms resource accepts "x" token 1 from 2`,
		`161ms server grants "x" token 2 to 3`,
		`162ms c2 holds "x" token 2 until 250ms on the monotonic clock`,
		`183ms resource accepts "x" token 2 from 3`,
		`203ms resource accepts "x" token 2 from 3`,
		`223ms resource accepts "x" token 2 from 3`,
		`243ms resource accepts "x" token 2 from 3`,
		`262ms c2 lets go of "x" token 2`,
		`262ms c2 has had its rounds of "x"`,
		`263ms resource accepts "x" token 2 from 3`)
}

func TestAResourceRemembersTheNewestTokenOverACrash(t *testing.T) {
	s := tell(t, lease.Config{Writes: 1, Rounds: 1, Lease: 50 * ms}, 2)
	var release func()
	s.at(0, func() { release = s.net.Clog(first, resource) })
	s.restart(150*ms, 160*ms, resource)
	s.at(200*ms, func() { release() })
	s.ends(t,
		`21ms server grants "x" token 1 to 2`,
		`22ms c1 holds "x" token 1 until 65ms on the monotonic clock`,
		"42ms c1 sends release x token 1",
		`42ms c1 lets go of "x" token 1`,
		`42ms c1 has had its rounds of "x"`,
		`71ms server grants "x" token 2 to 3`,
		`72ms c2 holds "x" token 2 until 115ms on the monotonic clock`,
		"92ms c2 sends release x token 2",
		`92ms c2 lets go of "x" token 2`,
		`92ms c2 has had its rounds of "x"`,
		`93ms resource accepts "x" token 2 from 3`,
		`200ms resource refuses "x" token 1 from 2`)
}

// The holder checks its lease, and is paused before it writes.
func TestAHolderThatWasPausedIsRefused(t *testing.T) {
	pause := func(bug lease.Bug) *story {
		s := tell(t, lease.Config{Writes: 1, Rounds: 1, Lease: 100 * ms, Bug: bug}, 2)
		s.during(30*ms, 200*ms, func() func() { h := s.world.Host(first); h.Pause(); return h.Resume })
		return s
	}
	s := pause(lease.NoBug)
	s.ends(t,
		`21ms server grants "x" token 1 to 2`,
		`22ms c1 holds "x" token 1 until 110ms on the monotonic clock`,
		`171ms server grants "x" token 2 to 3`,
		`172ms c2 holds "x" token 2 until 260ms on the monotonic clock`,
		"192ms c2 sends release x token 2",
		`192ms c2 lets go of "x" token 2`,
		`192ms c2 has had its rounds of "x"`,
		`193ms resource accepts "x" token 2 from 3`,
		"200ms c1 sends release x token 1",
		`200ms c1 lets go of "x" token 1`,
		`200ms c1 has had its rounds of "x"`,
		`201ms resource refuses "x" token 1 from 2`)
}

// The server's clock is fast by 5%, the clients' slow by as much.
func TestLeasesHoldUpToTheDriftThatIsDeclared(t *testing.T) {
	drift := func(declared int64) *story {
		s := tell(t, lease.Config{Writes: 100, Rounds: 1, Lease: 1000 * ms, Drift: declared}, 2)
		s.world.Host(server).SetDrift(50_000_000)
		s.world.Host(first).SetDrift(-50_000_000)
		s.world.Host(second).SetDrift(-50_000_000)
		s.world.Run(sim.Limit{})
		return s
	}
	require.NoError(t, drift(50_000_000).monitor.MutualExclusion())
	require.EqualError(t, drift(1_000_000).monitor.MutualExclusion(),
		"c1 (token 1) and c2 (token 2) both hold x at 1.023052632s")
}

func TestAGrantThatComesTooLateIsGivenBack(t *testing.T) {
	s := tell(t, lease.Config{Writes: 1, Rounds: 1, Lease: 100 * ms, Retry: 500 * ms}, 2)
	s.during(0, 120*ms, func() func() { return s.net.Clog(server, first) })
	s.ends(t,
		`21ms server grants "x" token 1 to 2`,
		"120ms c1 sends release x token 1",
		`521ms server grants "x" token 2 to 2`,
		`522ms c1 holds "x" token 2 until 610ms on the monotonic clock`,
		"542ms c1 sends release x token 2",
		`542ms c1 lets go of "x" token 2`,
		`542ms c1 has had its rounds of "x"`,
		`543ms resource accepts "x" token 2 from 2`,
		`1.021s server grants "x" token 3 to 3`,
		`1.022s c2 holds "x" token 3 until 1.11s on the monotonic clock`,
		"1.042s c2 sends release x token 3",
		`1.042s c2 lets go of "x" token 3`,
		`1.042s c2 has had its rounds of "x"`,
		`1.043s resource accepts "x" token 3 from 3`)
}

func TestLeasesOutOfRangeAreAMistake(t *testing.T) {
	const expected = ", expected at most 1h and below 500000000"
	require.PanicsWithValue(t, "lease: leases of 2h0m0s under a drift of 50000000 ppb"+expected,
		func() { lease.Server(lease.Config{Lease: 2 * time.Hour}) })
	require.PanicsWithValue(t, "lease: leases of 300ms under a drift of 500000000 ppb"+expected,
		func() { lease.Server(lease.Config{Drift: 5e8}) })
}

func FuzzTheMonitorTakesAnyNote(f *testing.F) {
	for _, note := range []string{
		"", `lease: holds "x" token 1 until 5s on the wall clock`, `lease: accepts "x" token 1 from 2`,
		`lease: holds "x" token 1 until never on the wall clock`, `lease: lets go of "x" token 1`,
		`lease: grants "x token 1 to 2`, `lease: accepts "" token 99999999999999999999 from -2`,
		"lease: accepts\f\"\" token 9999999999 from -2", `lease: refuses "x" token 1 from 2`, `lease: has had its rounds of x`,
	} {
		f.Add(note)
	}
	f.Fuzz(func(t *testing.T, note string) {
		s := tell(t, lease.Config{}, 2)
		s.world.Host(first).Note("%s", note)
		_ = s.monitor.Settled()
		require.NoError(t, s.monitor.MutualExclusion())
		if !strings.Contains(note, "accepts") {
			require.NoError(t, s.monitor.Fencing())
		}
	})
}
