package resilience

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEachTypeOfFailureHasASymptom(t *testing.T) {
	shown := map[FailureType]Symptoms{
		UnknownFailure:    {Timeouts: 1},
		ProcessCrash:      {Exit: ExitPanic},
		ProcessHang:       {Stalled: 5 * time.Second},
		MemoryExhaustion:  {Memory: 95},
		NodeCrash:         {NodeDown: true},
		NodeUnreachable:   {Peers: 4, Unreachable: 1},
		NetworkPartition:  {Peers: 4, Unreachable: 2},
		HighLatency:       {Latency: 30 * time.Millisecond, Usual: 10 * time.Millisecond},
		PacketLoss:        {Sent: 100, Lost: 5},
		SoftwareBug:       {Exit: ExitPanic, Repeated: 3},
		ResourceLeak:      {Growing: true},
		ByzantineBehavior: {Contradiction: true},
		DataCorruption:    {Checksum: true},
		Deadlock:          {Exit: ExitKilled, Locked: true},
		RaceCondition:     {Race: true},
	}
	for _, want := range FailureTypes() {
		f, failed := Classify(7, shown[want], Context{})
		require.True(t, failed, want)
		require.Equal(t, want, f.Type, "%+v", shown[want])
		require.NotEmpty(t, f.Cause)
		require.EqualValues(t, 7, f.DetectedAt)
	}
	require.Len(t, shown, 15, "twelve, the unknown one, deadlock and race")
}

func TestTypesFallIntoTheCategoriesOfTheTaxonomy(t *testing.T) {
	in := map[Category][]FailureType{}
	for _, f := range FailureTypes() {
		in[f.Category()] = append(in[f.Category()], f)
	}
	require.Equal(t, map[Category][]FailureType{
		UnknownCategory:   {UnknownFailure},
		ProcessFailures:   {ProcessCrash, ProcessHang, MemoryExhaustion, Deadlock},
		NodeFailures:      {NodeCrash, NodeUnreachable},
		NetworkFailures:   {NetworkPartition, HighLatency, PacketLoss},
		SoftwareFailures:  {SoftwareBug, ResourceLeak, RaceCondition},
		ByzantineFailures: {ByzantineBehavior, DataCorruption},
	}, in)
}

func TestAProcessThatEndedAsItShouldHasNotFailed(t *testing.T) {
	for _, exit := range []Exit{StillRunning, ExitNormal, ExitShutdown} {
		_, failed := Classify(0, Symptoms{Component: "worker", Exit: exit}, Context{})
		require.False(t, failed, exit)
	}
}

func TestANodeThatIsDownExplainsTheExitOfItsProcesses(t *testing.T) {
	f, _ := Classify(0, Symptoms{Component: "worker", Exit: ExitKilled, NodeDown: true}, Context{})
	require.Equal(t, NodeCrash, f.Type)
	require.Equal(t, NodeScope, f.Scope)
	require.Equal(t, RestartNode, f.Recovery)
}

func TestSeverityIsTheSumOfItsPartsWithinBounds(t *testing.T) {
	five := map[string][]string{"db": {"api", "jobs"}, "api": {"web", "app", "db"}}
	for _, c := range []struct {
		s    Symptoms
		c    Context
		want Severity
	}{
		{Symptoms{Component: "db", Exit: ExitPanic}, Context{}, MediumSeverity},
		{Symptoms{Component: "db", Exit: ExitPanic}, Context{Criticality: map[string]int{"db": -1}}, LowSeverity},
		{Symptoms{Component: "db", Exit: ExitPanic}, Context{Criticality: map[string]int{"db": 1}}, HighSeverity},
		{Symptoms{Component: "db", Exit: ExitPanic}, Context{DependsOn: five}, HighSeverity},
		{Symptoms{Component: "db", NodeDown: true}, Context{DependsOn: five}, CriticalSeverity},
		{Symptoms{Component: "db", Exit: ExitPanic, Repeated: 3}, Context{}, HighSeverity},
		{Symptoms{Sent: 100, Lost: 9}, Context{Criticality: map[string]int{"": -50}}, LowSeverity},
		{Symptoms{Component: "db", Checksum: true}, Context{Criticality: map[string]int{"db": 50}}, CriticalSeverity},
	} {
		f, _ := Classify(0, c.s, c.c)
		require.Equal(t, c.want, f.Severity, "%+v in %+v", c.s, c.c)
	}
}

func TestAffectedAreAllThatDependDirectlyOrNot(t *testing.T) {
	f, _ := Classify(0, Symptoms{Component: "db", Related: []string{"cache"}, NodeDown: true}, Context{
		DependsOn: map[string][]string{"db": {"api"}, "api": {"web", "db"}, "log": {"app"}},
	})
	require.Equal(t, []string{"api", "cache", "db", "web"}, f.Affected)
}

func TestScopeAndImpactFollowWhoIsMissing(t *testing.T) {
	for _, c := range []struct {
		unreachable int
		scope       Scope
		impact      Impact
	}{
		{1, NodeScope, Impact{Capacity: 20, Available: true}},
		{2, ClusterScope, Impact{Capacity: 40, Available: true}},
		{3, GlobalScope, Impact{Capacity: 60}},
		{4, GlobalScope, Impact{Capacity: 80}},
	} {
		f, _ := Classify(0, Symptoms{Peers: 4, Unreachable: c.unreachable}, Context{})
		require.Equal(t, c.scope, f.Scope, "%d of 4 unreachable", c.unreachable)
		require.Equal(t, c.impact, f.Impact)
	}
}

func symptoms() *rapid.Generator[Symptoms] {
	return rapid.Custom(func(t *rapid.T) Symptoms {
		few := rapid.IntRange(-1, 5)
		flag := rapid.Bool()
		span := rapid.Map(rapid.IntRange(-1, 60), func(n int) time.Duration { return time.Duration(n) * time.Second })
		percent := rapid.SampledFrom([]int{-1, 0, 50, 94, 95, 100, 200})
		return Symptoms{
			Component: rapid.SampledFrom([]string{"", "db"}).Draw(t, "component"),
			Exit:      Exit(few.Draw(t, "exit") + 1), Repeated: few.Draw(t, "repeated"), Stalled: span.Draw(t, "stalled"),
			Locked: flag.Draw(t, "locked"), Race: flag.Draw(t, "race"), NodeDown: flag.Draw(t, "down"),
			Timeouts: few.Draw(t, "timeouts"), Peers: few.Draw(t, "peers"), Unreachable: few.Draw(t, "unreachable"),
			Latency: span.Draw(t, "latency"), Usual: span.Draw(t, "usual"), Sent: few.Draw(t, "sent"), Lost: few.Draw(t, "lost"),
			Memory: percent.Draw(t, "memory"), CPU: percent.Draw(t, "cpu"), Disk: percent.Draw(t, "disk"),
			Growing: flag.Draw(t, "growing"), Contradiction: flag.Draw(t, "contradiction"), Checksum: flag.Draw(t, "checksum"),
		}
	})
}

func TestEverySymptomIsClassifiedWithinTheScales(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := symptoms().Draw(t, "symptoms")
		c := Context{Nodes: rapid.IntRange(-1, 9).Draw(t, "nodes"),
			Criticality: map[string]int{"db": rapid.IntRange(-9, 9).Draw(t, "criticality")}}
		f, failed := Classify(0, s, c)
		if !failed {
			require.Equal(t, Incident{}, f)
			return
		}
		require.LessOrEqual(t, f.Severity, CriticalSeverity)
		require.LessOrEqual(t, f.Scope, GlobalScope)
		require.LessOrEqual(t, int(f.Type), int(RaceCondition))
		require.GreaterOrEqual(t, f.Impact.Capacity, 0)
		require.LessOrEqual(t, f.Impact.Capacity, 100)
		require.NotPanics(t, func() { ResponseTo(f.Severity, f.Scope) })
	})
}

// More cannot make it less bad: a component that matters more never lowers the severity.
func TestCriticalityNeverLowersTheSeverity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := symptoms().Draw(t, "symptoms")
		s.Component = "db"
		low := rapid.IntRange(-3, 3).Draw(t, "criticality")
		a, _ := Classify(0, s, Context{Criticality: map[string]int{"db": low}})
		b, _ := Classify(0, s, Context{Criticality: map[string]int{"db": low + 1}})
		require.GreaterOrEqual(t, b.Severity, a.Severity)
	})
}

func TestNamesOfFailuresAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range FailureTypes() {
		require.False(t, seen[f.String()], f)
		seen[f.String()] = true
	}
	require.Equal(t, "failure type 99", FailureType(99).String())
	require.Equal(t, UnknownCategory, FailureType(99).Category())
	require.Equal(t, "process crash (medium, local): the process ended: panic", func() string {
		f, _ := Classify(0, Symptoms{Exit: ExitPanic}, Context{})
		return fmt.Sprint(f)
	}())
}
