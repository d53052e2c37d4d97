package properties_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
	"phoenix/sim/simtest"
)

// cities are two copies of where a hero is. They move her and tell each other.
type cities interface {
	move(city int, where string, ms int64)
	tell(from, to int)
	where(city int) string
}

// secondsOfTheSeed keep what was updated last by the second, and what they have themselves in a tie.
type secondsOfTheSeed [2]struct {
	at  int64
	val string
}

func (c *secondsOfTheSeed) move(city int, where string, ms int64) {
	c[city].at, c[city].val = ms/1000, where
}

func (c *secondsOfTheSeed) tell(from, to int) {
	if c[from].at > c[to].at {
		c[to] = c[from]
	}
}

func (c *secondsOfTheSeed) where(city int) string { return c[city].val }

// hybridCities are ours: the same with an LWWMap under the stamps of hybrid clocks.
type hybridCities [2]struct {
	clock  crdt.HybridClock
	heroes crdt.LWWMap[string, string]
}

func (c *hybridCities) move(city int, where string, ms int64) {
	me := &c[city]
	me.heroes.Set(me.clock.Now(crdt.Replica(city+1), ms), "ada", where)
}

func (c *hybridCities) tell(from, to int) {
	me := &c[to]
	me.clock.Bound = 1 << 40 // the clocks of this test do not run away
	if at, ok := c[from].heroes.Stamp("ada"); ok {
		if err := me.clock.Observe(at, 0); err != nil {
			panic(err)
		}
	}
	me.heroes.Merge(&c[from].heroes)
}

func (c *hybridCities) where(city int) string {
	where, _ := c[city].heroes.Get("ada")
	return where
}

// wander does moves and messages, then has both tell each other, and says what is wrong in the end: they
// differ, or have another place than that of the last move that saw all others, if there is one.
func wander(c cities, ops []string) string {
	last, saw := "", [2]bool{}
	for i, op := range ops {
		words := strings.Fields(op)
		city := strings.Index("OR", words[0][:1])
		if words[1] == "tells" {
			c.tell(city, 1-city)
			saw[1-city] = saw[1-city] || saw[city]
			continue
		}
		ms := int64(1000)
		if words[2] == "1.6" {
			ms = 1600
		}
		last = ""
		if i == 0 || saw[city] {
			last = fmt.Sprint(i)
		}
		saw = [2]bool{city == 0 && last != "", city == 1 && last != ""}
		c.move(city, fmt.Sprint(i), ms)
	}
	for range 2 {
		c.tell(0, 1)
		c.tell(1, 0)
	}
	switch oslo, rome := c.where(0), c.where(1); {
	case oslo != rome:
		return fmt.Sprintf("Oslo says %s, Rome says %s", oslo, rome)
	case last != "" && oslo != last:
		return fmt.Sprintf("both say %s, the last move was %s", oslo, last)
	}
	return ""
}

func TestSeedCI4TwoUpdatesOfOneSecondConverge(t *testing.T) {
	alphabet := []string{"Oslo moves 1.0", "Rome moves 1.0", "Rome moves 1.6", "Oslo tells Rome", "Rome tells Oslo"}
	ops, why := simtest.Shortest(alphabet, 5, func(ops []string) string { return wander(&hybridCities{}, ops) })
	require.Empty(t, why, "%q", ops)
	ops, why = simtest.Shortest(alphabet, 5, func(ops []string) string { return wander(&secondsOfTheSeed{}, ops) })
	require.Equal(t, []string{"Oslo moves 1.0", "Rome moves 1.0"}, ops)
	require.Equal(t, "Oslo says 0, Rome says 1", why)
	require.NotEmpty(t, wander(&secondsOfTheSeed{}, []string{"Oslo moves 1.0", "Rome moves 1.6"}),
		"six tenths apart is the same second")
}

func TestSeedCI10TombstonesWinUntilAllHaveSeenThem(t *testing.T) {
	type heroes = crdt.TombstoneMap[string, crdt.GCounter]
	hit := func(r crdt.Replica) func(*crdt.GCounter) *crdt.GCounter {
		return func(v *crdt.GCounter) *crdt.GCounter { return v.Add(r, 1) }
	}
	var oslo, rome, bern heroes
	for i := range 1000 {
		name := fmt.Sprint(i)
		_, err := bern.Update(3, name, hit(3))
		require.NoError(t, err)
		oslo.Merge(&bern)
		oslo.Delete(1, name)
	}
	rome.Merge(&oslo)
	_, err := bern.Update(3, "999", hit(3)) // has not heard, and fights on
	require.NoError(t, err)
	collect := func() int {
		_, n := oslo.Collect(1, oslo.Context(), rome.Context(), bern.Context())
		return n
	}
	require.Zero(t, collect(), "Bern is away: nothing is forgotten")
	oslo.Merge(&bern)
	_, alive := oslo.Get("999")
	require.False(t, alive, "the dead stay dead")

	for _, city := range []*heroes{&oslo, &rome, &bern, &oslo} {
		city.Merge(&oslo)
		city.Merge(&bern)
		oslo.Merge(city)
	}
	require.Len(t, slices.Collect(oslo.Tombstones()), 1000)
	data, err := oslo.AppendBinary(nil)
	require.NoError(t, err)
	require.Greater(t, len(data), 6000, "the seed stays there: it keeps every tombstone")
	require.Equal(t, 1000, collect())
	rome.Merge(&oslo)
	bern.Merge(&oslo)
	for _, city := range []*heroes{&oslo, &rome, &bern} {
		require.Empty(t, slices.Collect(city.Tombstones()))
		data, err := city.AppendBinary(nil)
		require.NoError(t, err)
		require.Less(t, len(data), 20, "what is left is a context")
	}
}
