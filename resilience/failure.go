package resilience

import (
	"fmt"

	"phoenix/sim"
)

// FailureType is what failed. The zero value is UnknownFailure: something did, and the symptoms do
// not say what.
type FailureType uint8

// The types of failures. Twelve are those of the usual taxonomies; Deadlock and RaceCondition, which
// they name as categories only, have types of their own, as they call for other responses.
const (
	UnknownFailure FailureType = iota
	ProcessCrash
	ProcessHang
	MemoryExhaustion
	NodeCrash
	NodeUnreachable
	NetworkPartition
	HighLatency
	PacketLoss
	SoftwareBug
	ResourceLeak
	ByzantineBehavior
	DataCorruption
	Deadlock
	RaceCondition
)

// FailureTypes lists all types, UnknownFailure first.
func FailureTypes() []FailureType {
	all := make([]FailureType, len(failures))
	for i := range all {
		all[i] = FailureType(i)
	}
	return all
}

// Category is the sort of thing that fails.
type Category uint8

// The categories of failures.
const (
	UnknownCategory   Category = iota
	ProcessFailures            // crashes, hangs, memory exhaustion, deadlocks
	NodeFailures               // of hardware and systems
	NetworkFailures            // partitions, latency, loss
	SoftwareFailures           // bugs, races, leaks
	ByzantineFailures          // lies, corruption
)

// String returns a word such as "network".
func (c Category) String() string {
	return nameOf(c, "unknown", "process", "node", "network", "software", "byzantine")
}

// Severity is how bad a failure is.
type Severity uint8

// The severities.
const (
	LowSeverity Severity = iota
	MediumSeverity
	HighSeverity
	CriticalSeverity
)

// String returns a word such as "high".
func (s Severity) String() string { return nameOf(s, "low", "medium", "high", "critical") }

// Scope is how far a failure reaches.
type Scope uint8

// The scopes.
const (
	LocalScope   Scope = iota // one component
	NodeScope                 // a node and what runs on it
	ClusterScope              // several nodes
	GlobalScope               // most of the nodes
)

// String returns a word such as "cluster".
func (s Scope) String() string { return nameOf(s, "local", "node", "cluster", "global") }

// Recovery is what mends a failure of a type, once the response has stopped the damage.
type Recovery uint8

// The ways to recover.
const (
	Observe        Recovery = iota // collect more symptoms: nobody knows what to mend
	RestartProcess                 // a fresh process from its initial state
	RestartNode                    // boot the node again, from its disk
	WaitForHeal                    // nothing to mend here: be ready to reconcile
	ShedLoad                       // less work until the cause is gone
	RollBack                       // to the version or the configuration before
	Restore                        // state from replicas or a backup
	Evict                          // take the node out for good, and its word with it
)

// String returns a phrase such as "restart the process".
func (r Recovery) String() string {
	return nameOf(r, "observe", "restart the process", "restart the node", "wait for the heal", "shed load",
		"roll back", "restore the state", "evict the node")
}

// An Incident is what Classify makes of symptoms: a record of what happened and what to do.
type Incident struct {
	Type       FailureType
	Severity   Severity
	Scope      Scope
	Affected   []string // components, sorted; those that the symptoms name and those that depend on them
	DetectedAt sim.Time // on the clock of the detector
	Cause      string   // the probable one, for a person
	Recovery   Recovery
	Impact     Impact
}

// Impact tells what a failure takes away.
type Impact struct {
	Capacity  int  // percent of the nodes that cannot be used
	Available bool // whether a majority of the nodes can still be used
	DataRisk  bool // whether state may be lost or wrong, and not only late
}

// String tells the failure in a line.
func (f Incident) String() string {
	return fmt.Sprintf("%s (%s, %s): %s", f.Type, f.Severity, f.Scope, f.Cause)
}

// failures has a row for each type. Points are those of Severity: 0 is low, 3 critical.
var failures = [...]struct {
	name     string
	category Category
	points   int  // of a failure of this type by itself
	hard     int  // points for a recovery that needs more than a fresh start
	data     bool // state may be wrong afterwards
	recovery Recovery
}{
	UnknownFailure:    {"unknown failure", UnknownCategory, 1, 0, false, Observe},
	ProcessCrash:      {"process crash", ProcessFailures, 1, 0, false, RestartProcess},
	ProcessHang:       {"process hang", ProcessFailures, 1, 0, false, RestartProcess},
	MemoryExhaustion:  {"memory exhaustion", ProcessFailures, 1, 0, false, ShedLoad},
	NodeCrash:         {"node crash", NodeFailures, 2, 0, false, RestartNode},
	NodeUnreachable:   {"node unreachable", NodeFailures, 2, 0, false, WaitForHeal},
	NetworkPartition:  {"network partition", NetworkFailures, 2, 1, false, WaitForHeal},
	HighLatency:       {"high latency", NetworkFailures, 0, 0, false, ShedLoad},
	PacketLoss:        {"packet loss", NetworkFailures, 0, 0, false, ShedLoad},
	SoftwareBug:       {"software bug", SoftwareFailures, 1, 1, false, RollBack},
	ResourceLeak:      {"resource leak", SoftwareFailures, 0, 0, false, RestartProcess},
	ByzantineBehavior: {"byzantine behavior", ByzantineFailures, 2, 1, true, Evict},
	DataCorruption:    {"data corruption", ByzantineFailures, 2, 1, true, Restore},
	Deadlock:          {"deadlock", ProcessFailures, 1, 0, false, RestartProcess},
	RaceCondition:     {"race condition", SoftwareFailures, 1, 1, true, RollBack},
}

// String returns a phrase such as "node crash".
func (t FailureType) String() string {
	if int(t) < len(failures) {
		return failures[t].name
	}
	return fmt.Sprintf("failure type %d", uint8(t))
}

// Category returns the category of t.
func (t FailureType) Category() Category {
	if int(t) < len(failures) {
		return failures[t].category
	}
	return UnknownCategory
}

// nameOf returns the i-th name.
func nameOf[T ~uint8](i T, names ...string) string {
	if int(i) < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%T %d", i, uint8(i))
}
