package properties_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "phoenix/resilience"
	"phoenix/sim"
)

// tick is a clock that a test moves.
type tick struct{ now sim.Time }

func (c *tick) Monotonic() sim.Time { return c.now }
func (c *tick) pass(d time.Duration) {
	c.now = c.now.Add(d)
}

func TestSeedGD1FiveLevelsInOrder(t *testing.T) {
	require.Less(t, LevelNormal, LevelLimited)
	require.Less(t, LevelLimited, LevelEssential)
	require.Less(t, LevelEssential, LevelEmergency)
	require.Less(t, LevelEmergency, LevelShutdown)
}

func TestSeedGD2AFeatureIsSwitchedWhenItIsRegistered(t *testing.T) {
	d := NewDegradation(&tick{}, DegradationConfig{})
	d.Raise("cause", LevelLimited)
	off := 0
	d.Register(Feature{Name: "search", Off: func() { off++ }})
	require.Equal(t, 1, off)
	require.False(t, d.Available("search"), "a feature without a level is for full service only")
	require.False(t, d.Available("nobody registered this"))
}

func TestSeedGD3DegradingGoesDownAtOnceAndNeverUp(t *testing.T) {
	d := NewDegradation(&tick{}, DegradationConfig{})
	d.Raise("a", LevelEmergency)
	d.Raise("b", LevelLimited)
	require.Equal(t, LevelEmergency, d.Level(), "a milder cause does not lift the level")
	d.Raise("c", LevelShutdown)
	for _, cause := range []string{"a", "b", "c"} {
		d.Clear(cause)
	}
	d.Pin(LevelNormal)
	require.Equal(t, LevelShutdown, d.Level(), "nothing leads out of shutdown")
}

func TestSeedGD4FeaturesAreSwitchedAtTheirLevel(t *testing.T) {
	clock := &tick{}
	d := NewDegradation(clock, DegradationConfig{Dwell: time.Second})
	var log []string
	for _, f := range []struct {
		name string
		last Level
	}{{"recommendations", LevelNormal}, {"search", LevelLimited}, {"orders", LevelEssential}} {
		d.Register(Feature{Name: f.name, Last: f.last,
			On: func() { log = append(log, "+"+f.name) }, Off: func() { log = append(log, "-"+f.name) }})
	}
	log = nil
	d.Raise("cause", LevelLimited)
	require.Equal(t, []string{"-recommendations"}, log, "what is limited may still search")
	d.Raise("cause", LevelEmergency)
	require.Equal(t, []string{"-recommendations", "-orders", "-search"}, log)
	d.Clear("cause")
	log = nil
	for range 3 {
		clock.pass(time.Second)
		d.Level()
	}
	require.Equal(t, []string{"+orders", "+search", "+recommendations"}, log)
	err := d.Policy("search").Do(context.Background(), func(context.Context) error { return nil })
	require.NoError(t, err)
	d.Raise("cause", LevelEssential)
	err = d.Policy("search").Do(context.Background(), func(context.Context) error { panic("it is off") })
	require.ErrorIs(t, err, ErrOff)
}

func TestSeedGD5TheThreePoliciesCallForTheirLevels(t *testing.T) {
	for _, c := range []struct {
		trigger Trigger
		bad     int64
		want    Level
	}{
		{PartitionTrigger, 1, LevelEssential}, {MemoryTrigger, 90, LevelLimited},
		{CPUTrigger, 95, LevelLimited}, {ErrorRateTrigger, 30, LevelLimited},
	} {
		clock := &tick{}
		d := NewDegradation(clock, DegradationConfig{Triggers: []Trigger{c.trigger}})
		d.Observe(c.trigger.Signal, c.bad)
		require.Equal(t, LevelNormal, d.Level(), "%s: not yet", c.trigger.Cause)
		clock.pass(DefaultUp)
		require.Equal(t, c.want, d.Level(), c.trigger.Cause)
		require.Equal(t, []Cause{{Name: c.trigger.Cause, Level: c.want}}, d.Status().Causes)
	}
}

func TestSeedGD6RecoveryNeedsItsConditionsSeen(t *testing.T) {
	clock := &tick{}
	d := NewDegradation(clock, DegradationConfig{Triggers: []Trigger{PartitionTrigger, MemoryTrigger, CPUTrigger}})
	d.Observe("reachable nodes", 1)
	clock.pass(DefaultUp)
	require.Equal(t, LevelEssential, d.Level())
	clock.pass(time.Hour)
	require.Equal(t, LevelEssential, d.Level(), "no news is not good news")
	d.Observe("reachable nodes", 2)
	require.Equal(t, LevelEssential, d.Level(), "not yet for long enough")
	clock.pass(DefaultDown)
	require.Equal(t, LevelLimited, d.Level(), "two nodes have been in reach for long enough")
}

func TestSeedGD7RecoveryIsStepwiseAndDoesNotFlap(t *testing.T) {
	clock := &tick{}
	var changes []Change
	d := NewDegradation(clock, DegradationConfig{Triggers: []Trigger{PartitionTrigger},
		OnChange: func(c Change) { changes = append(changes, c) }})
	for range 600 { // a link that is up for a second and down for a second
		d.Observe("reachable nodes", 1)
		clock.pass(time.Second)
		d.Observe("reachable nodes", 2)
		clock.pass(time.Second)
	}
	require.Empty(t, changes, "never bad for long enough")
	d.Observe("reachable nodes", 1)
	for range 300 { // down for three seconds, up for one
		d.Observe("reachable nodes", 1)
		clock.pass(3 * time.Second)
		d.Observe("reachable nodes", 2)
		clock.pass(time.Second)
	}
	require.Len(t, changes, 1, "never good for long enough")
	for range 60 {
		d.Observe("reachable nodes", 2)
		clock.pass(time.Second)
	}
	require.Equal(t, []Level{LevelEssential, LevelLimited, LevelNormal}, []Level{changes[0].To, changes[1].To, changes[2].To})
	require.GreaterOrEqual(t, changes[2].At.Sub(changes[1].At), DefaultDwell)
}

func TestSeedGD8StatusTellsFeaturesAndKeepsBoundedHistory(t *testing.T) {
	clock := &tick{}
	d := NewDegradation(clock, DegradationConfig{Dwell: 1, History: 4})
	d.Register(Feature{Name: "search"})
	d.Register(Feature{Name: "orders", Last: LevelEmergency})
	for range 50 {
		d.Raise("cause", LevelLimited)
		d.Clear("cause")
		clock.pass(time.Second)
	}
	d.Raise("cause", LevelLimited)
	status := d.Status()
	require.Equal(t, LevelLimited, status.Level)
	require.Equal(t, []string{"orders"}, status.On)
	require.Equal(t, []string{"search"}, status.Off)
	require.Len(t, status.Switched, 4)
	require.Equal(t, "cause", status.Switched[3].Why)
}
