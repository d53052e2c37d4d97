package properties_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "phoenix/resilience"
)

func TestSeedFM1TypesAndCategoriesOfFailures(t *testing.T) {
	categories := map[Category]bool{}
	for _, f := range FailureTypes() {
		categories[f.Category()] = true
	}
	require.Len(t, FailureTypes(), 12+3, "the twelve, the unknown one, deadlock and race")
	require.Len(t, categories, 5+1)
}

func TestSeedFM2ARecordHasAllFields(t *testing.T) {
	i, failed := Classify(42, Symptoms{Component: "db", Peers: 4, Unreachable: 2}, Context{
		DependsOn: map[string][]string{"db": {"api"}}})
	require.True(t, failed)
	require.Equal(t, Incident{
		Type: NetworkPartition, Severity: CriticalSeverity, Scope: ClusterScope, Affected: []string{"api", "db"},
		DetectedAt: 42, Cause: "2 of 4 nodes out of reach at once", Recovery: WaitForHeal,
		Impact: Impact{Capacity: 40, Available: true},
	}, i)
}

func TestSeedFM3TheTypeFollowsTheSymptomsThatAreThere(t *testing.T) {
	_, failed := Classify(0, Symptoms{}, Context{})
	require.False(t, failed, "no symptom is missing")
	_, failed = Classify(0, Symptoms{Exit: ExitNormal}, Context{})
	require.False(t, failed, "a normal exit is no failure")
	i, _ := Classify(0, Symptoms{Exit: ExitNormal, Peers: 2, Unreachable: 2}, Context{})
	require.Equal(t, NetworkPartition, i.Type, "nor does it hide one")
	i, _ = Classify(0, Symptoms{Exit: ExitPanic, NodeDown: true}, Context{})
	require.Equal(t, NodeCrash, i.Type, "an exit does not hide that the node is down")
}

func TestSeedFM4SeverityAddsUp(t *testing.T) {
	of := func(criticality int, s Symptoms) Severity {
		s.Component = "db"
		i, _ := Classify(0, s, Context{Criticality: map[string]int{"db": criticality}})
		return i.Severity
	}
	require.Equal(t, MediumSeverity, of(0, Symptoms{Exit: ExitPanic}))
	require.Equal(t, HighSeverity, of(1, Symptoms{Exit: ExitPanic}))
	require.Equal(t, CriticalSeverity, of(9, Symptoms{Exit: ExitPanic}), "clamped")
	require.Equal(t, LowSeverity, of(-9, Symptoms{Exit: ExitPanic}), "clamped")
	require.Equal(t, HighSeverity, of(0, Symptoms{Exit: ExitPanic, Repeated: 3}), "a bug is harder to mend than a crash")
}

func TestSeedFM5ScopeCauseRecoveryAndImpactAreFound(t *testing.T) {
	i, _ := Classify(0, Symptoms{Component: "db", Exit: ExitKilled, Stalled: time.Minute, Repeated: 4}, Context{})
	require.Equal(t, ProcessHang, i.Type)
	require.Equal(t, LocalScope, i.Scope)
	require.Equal(t, "killed after 1m0s without progress", i.Cause)
	require.Equal(t, RollBack, i.Recovery, "a fresh start did not help three times")
	require.Equal(t, Impact{Available: true}, i.Impact)
}

func TestSeedFM6EveryPairHasAResponse(t *testing.T) {
	seen := map[Response]bool{}
	for severity := LowSeverity; severity <= CriticalSeverity; severity++ {
		for scope := LocalScope; scope <= GlobalScope; scope++ {
			seen[ResponseTo(severity, scope)] = true
		}
	}
	require.Len(t, seen, 5)
	require.Equal(t, EmergencyResponse, ResponseTo(CriticalSeverity, GlobalScope))
	require.Equal(t, ClusterFailover, ResponseTo(CriticalSeverity, ClusterScope))
	require.Equal(t, NodeIsolation, ResponseTo(HighSeverity, NodeScope))
	require.Equal(t, LocalRestart, ResponseTo(MediumSeverity, LocalScope))
	require.Equal(t, GracefulDegradation, ResponseTo(LowSeverity, GlobalScope))
}
