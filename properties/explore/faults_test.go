package explore_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/sim/disk"
)

// keeper promises to keep a number on its disk. It reads it again when it boots.
type keeper struct {
	ep       *network.Endpoint
	careless bool
	Found    string // on the disk at boot, "" at the first
	Kept     byte
}

const keepFile = "number"

func bootKeeper(careless bool) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		k := &keeper{ep: ep, careless: careless}
		data, err := ep.Disk().ReadFile(keepFile)
		if ep.Boots() > 0 {
			k.Found = fmt.Sprint(data, err == nil)
		}
		if err == nil && len(data) == 1 {
			k.Kept = data[0]
		}
		return k
	}
}

// Receive keeps a number and acknowledges it: once it is durable or, if it is careless, at once.
func (k *keeper) Receive(from network.ID, msg any) {
	number := msg.(byte)
	k.Kept = number
	d := k.ep.Disk()
	if d.WriteAt(keepFile, []byte{number}, 0) != nil {
		return
	}
	kept := func() { k.ep.Send(from, fmt.Sprint("kept ", number)) }
	if k.careless {
		kept()
	}
	d.Sync(keepFile, func(error) {
		d.SyncDir(func(error) {
			if !k.careless {
				kept()
			}
		})
	})
}

// promised asks a keeper to keep 7, and knows when it has promised to.
type promised struct{ Kept bool }

func (p *promised) Receive(network.ID, any) { p.Kept = true }

func bootAsker(ep *network.Endpoint) network.Handler {
	ep.Send(0, byte(7))
	return &promised{}
}

func keeping(model disk.Model, careless bool) explore.Model {
	return explore.Model{
		Nodes:  []explore.Node{{Name: "keeper", Boot: bootKeeper(careless)}, {Name: "asker", Boot: bootAsker}},
		Disk:   disk.Config{Model: model},
		Faults: explore.Budget{Crashes: 1, Restarts: 1, Crashable: []network.ID{0}},
		Properties: []explore.Property{explore.Always("kept", func(s *explore.State) error {
			if s.Node(1).(*promised).Kept && s.Up(0) && s.Node(0).(*keeper).Kept != 7 {
				return errors.New("what was promised to be kept is lost")
			}
			return nil
		})},
	}
}

func TestACrashBetweenAWriteAndItsSyncLosesWhatWasAcknowledged(t *testing.T) {
	for _, model := range []disk.Model{disk.Strict, disk.Ext4} {
		for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
			res, err := explore.Search(keeping(model, false), explore.Config{Order: order})
			require.NoError(t, err)
			require.Equal(t, properties.Pass, res.Verdict, "%v: synced first: %v", model, res.Outcomes)

			res, err = explore.Search(keeping(model, true), explore.Config{Order: order})
			require.NoError(t, err)
			require.Equal(t, properties.Fail, res.Verdict)
			path := res.Outcomes[0].Path
			require.Equal(t, []string{"deliver asker -> keeper 7, and it crashes", "restart keeper",
				"deliver keeper -> asker kept 7"}, path.Lines())
			require.Positive(t, path.Steps[0].Lost)
			for i, up := range []bool{true, false, true, true} {
				require.Equal(t, up, path.State(i).Up(0), "in state %d", i)
			}
		}
	}
}

// A strict disk has the file by its name or not, and before its sync nothing in it, a zero,
// garbage or the byte. Ext4 makes the name durable with the content, and shows no garbage.
func TestACrashLeavesEachStateThatADiskPermitsOnce(t *testing.T) {
	for model, want := range []struct {
		states uint64
		found  []string
	}{
		disk.Strict: {21, []string{"[7] true", "[107] true", "[0] true", "[] true", "[] false"}},
		disk.Ext4:   {17, []string{"[7] true", "[] true", "[] false"}},
	} {
		m := keeping(disk.Model(model), false)
		found := map[string]bool{}
		m.Properties = []explore.Property{explore.Always("boots", func(s *explore.State) error {
			if s.Up(0) && s.Node(0).(*keeper).Found != "" {
				found[s.Node(0).(*keeper).Found] = true
			}
			return nil
		})}
		res, err := explore.Search(m, explore.Config{Workers: 1})
		require.NoError(t, err)
		require.ElementsMatch(t, want.found, slices.Collect(maps.Keys(found)))
		// Without a crash 3; crashed before the delivery 4; in the middle of it as many as there
		// are images, and as many again that have booted; crashed after it 4.
		require.Len(t, want.found, int(want.states-3-4-4)/2)
		require.Equal(t, want.states, res.Unique)
	}
}

func TestBootsAreCountedAndRestartsBounded(t *testing.T) {
	for crashes := range 4 {
		for restarts := range min(crashes+1, 3) {
			seen := map[string]bool{}
			m := explore.Model{Nodes: []explore.Node{{Name: "n", Boot: acting(func(a *actor) { a.N = int(a.ep.Boots()) }, nil)}},
				Faults: explore.Budget{Crashes: crashes, Restarts: restarts}}
			m.Properties = []explore.Property{explore.Always("seen", func(s *explore.State) error {
				if s.Up(0) {
					seen[fmt.Sprint("up ", s.Node(0).(*actor).N)] = true
				} else {
					seen["down"] = true
				}
				return nil
			})}
			res, err := explore.Search(m, explore.Config{Workers: 1})
			require.NoError(t, err)
			want := map[string]bool{"up 0": true}
			states := 1
			for k := range crashes {
				if k > restarts {
					break
				}
				want["down"] = true
				states++
				if k < restarts {
					want[fmt.Sprint("up ", k+1)] = true
					states++
				}
			}
			require.Equal(t, want, seen, "%d crashes, %d restarts", crashes, restarts)
			require.EqualValues(t, states, res.Unique)
			require.EqualValues(t, 1, res.Terminal-uint64(states-1), "faults keep no node from being at rest")
		}
	}
}

// one sends one message to the other.
func oneWay() explore.Model {
	return explore.Model{Nodes: []explore.Node{
		{Name: "a", Boot: acting(func(a *actor) { a.ep.Send(1, "x") }, nil)},
		{Name: "b", Boot: acting(nil, func(a *actor, _ network.ID, _ any) { a.N++ })}}}
}

func TestNothingIsDeliveredOverALinkThatIsCut(t *testing.T) {
	a, b := []network.ID{0}, []network.ID{1}
	for _, cut := range []network.Cut{network.Complete(a, b), network.OneWay(a, b)} {
		m := oneWay()
		m.Faults = explore.Budget{Partitions: 2, Cuts: []explore.NamedCut{{Name: "apart", Cut: cut}}}
		judged := 0
		m.Properties = []explore.Property{
			explore.AtRest("arrived", func(s *explore.State) error {
				judged++
				if s.Cut() != "" {
					return errors.New("a cut is in force")
				}
				if s.Node(1).(*actor).N != 1 {
					return errors.New("not arrived")
				}
				return nil
			}),
			explore.Sometimes("late", func(s *explore.State) bool { return s.Cut() != "" && s.Node(1).(*actor).N == 1 }),
		}
		res, err := explore.Search(m, explore.Config{Workers: 1, Examples: true})
		require.NoError(t, err)
		require.Equal(t, properties.Pass, res.Verdict, "%v", res.Outcomes)
		// Arrived or not, cut or not with 2, 1 or 0 cuts left: cut with 2 left cannot be, ...
		require.EqualValues(t, 10, res.Unique)
		// ... four cuts in each half begin or end, and it arrives where none is in force.
		require.EqualValues(t, 1+4+4+3, res.Generated)
		require.Equal(t, 3, judged)
		require.Equal(t, []string{"deliver a -> b x", "cut apart"}, res.Outcomes[1].Path.Lines(),
			"a cut does not call back what has arrived")
	}
	m := oneWay()
	back := network.OneWay([]network.ID{1}, []network.ID{0})
	m.Faults = explore.Budget{Partitions: 1, Cuts: []explore.NamedCut{{Name: "back", Cut: back}}}
	res, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.EqualValues(t, 6, res.Unique)
	require.EqualValues(t, 1+2+2+3, res.Generated, "the other direction is not cut")
}

// With d drops and u copies at most, k messages of one content arrive n times.
func TestDropsAndDuplicatesKeepWithinTheirBudget(t *testing.T) {
	for _, network := range []explore.Semantics{explore.NonDuplicating, explore.Ordered} {
		for drops := range 4 {
			for duplicates := range 3 {
				arrived := map[int]bool{}
				m := oneWay()
				m.Network = network
				m.Faults = explore.Budget{Drops: drops, Duplicates: duplicates}
				m.Properties = []explore.Property{explore.AtRest("arrived", func(s *explore.State) error {
					arrived[s.Node(1).(*actor).N] = true
					return nil
				})}
				_, err := explore.Search(m, explore.Config{Workers: 1})
				require.NoError(t, err)
				want := map[int]bool{}
				for n := 1 - min(drops, 1+duplicates); n <= 1+duplicates; n++ {
					want[max(n, 0)] = true
				}
				require.Equal(t, want, arrived, "%v: %d drops, %d duplicates", network, drops, duplicates)
			}
		}
	}
}

func TestALossyNetworkLosesWithoutABudget(t *testing.T) {
	m := oneWay()
	m.Lossy = true
	res, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.EqualValues(t, 3, res.Unique)
	require.EqualValues(t, 3, res.Generated)
	require.EqualValues(t, 2, res.Terminal)
}

// Of two interchangeable nodes in states 0 and 1, it counts which of the states is that of
// the one that crashed.
func TestWhichOfTwoCrashedCountsUnderSymmetry(t *testing.T) {
	boot := acting(func(a *actor) { a.N = a.ep.Choose("state", 2) }, nil)
	m := explore.Model{Nodes: []explore.Node{{Name: "a", Boot: boot}, {Name: "b", Boot: boot}},
		Faults: explore.Budget{Crashes: 1}, Symmetric: []explore.Group{{Nodes: []network.ID{0, 1}}}}
	for restarts, want := range [][2]uint64{{4 + 8, 3 + 4}, {4 + 4 + 8, 3 + 2 + 4}} {
		m.Faults.Restarts = restarts
		all, err := explore.Search(m, explore.Config{})
		require.NoError(t, err)
		orbits, err := explore.Search(m, explore.Config{Symmetry: true})
		require.NoError(t, err)
		require.Equal(t, want, [2]uint64{all.Unique, orbits.Unique}, "%d restarts", restarts)
	}
}

// lateness remembers the last reading of a clock, and whether one was less.
type lateness struct {
	Last byte
	Back bool
}

func (l *lateness) Observe(e *explore.Told) {
	l.Back = l.Back || e.Name[0] < l.Last
	l.Last = e.Name[0]
}

func TestAClockDoesNotGoBackInACrash(t *testing.T) {
	m := explore.Model{Clock: &explore.Clock{Step: 1, Max: 2}, Faults: explore.Budget{Crashes: 2, Restarts: 2},
		Observe: func() explore.Observer { return &lateness{} },
		Nodes: []explore.Node{{Name: "n", Boot: acting(func(a *actor) {
			a.N = int(a.ep.Now())
			a.ep.Note("%d", a.N)
		}, nil)}},
		Properties: []explore.Property{
			explore.Observed("onward", func(o explore.Observer) error {
				if o.(*lateness).Back {
					return errors.New("it went back")
				}
				return nil
			}),
			explore.Sometimes("all of it", func(s *explore.State) bool { return s.Up(0) && s.Node(0).(*actor).N == 2 }),
		}}
	res, err := explore.Search(m, explore.Config{})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, res.Verdict, "%v", res.Outcomes)
	// Up with a reading of 0 to 2, down after it, and again with two crashes and three boots.
	require.EqualValues(t, 3*5, res.Unique)
}
