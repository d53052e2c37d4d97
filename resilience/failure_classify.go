package resilience

import (
	"fmt"
	"slices"
	"time"

	"phoenix/sim"
)

// Exit is how a process ended.
type Exit uint8

// How processes end. A process that was told to end, or had done its work, has not failed.
const (
	StillRunning Exit = iota
	ExitNormal        // its work was done
	ExitShutdown      // it was asked to
	ExitPanic         // it panicked
	ExitKilled        // from outside, by a watchdog say
	ExitMemory        // for want of memory
)

// Failed reports whether a process that ended so has failed.
func (e Exit) Failed() bool { return e > ExitShutdown }

// String returns a word such as "panic".
func (e Exit) String() string {
	return nameOf(e, "running", "normal", "shutdown", "panic", "killed", "memory")
}

// Symptoms are what was seen of something that may have failed. The zero value of each field says
// that this was not seen: Classify asks for none of them.
type Symptoms struct {
	Component string // the one that shows them
	Node      string // where it runs
	Related   []string

	Exit     Exit          // of the component's process
	Repeated int           // how often it failed the same way of late: a bug rather than bad luck
	Stalled  time.Duration // how long it has made no progress although it has work
	Locked   bool          // those that stall wait for each other
	Race     bool          // a race was reported

	NodeDown    bool          // the node was reported down, by something that knows
	Timeouts    int           // calls to it that were not answered in time, of late
	Peers       int           // nodes that the observer knows, itself not counted
	Unreachable int           // of these, those it cannot reach
	Latency     time.Duration // of calls, lately
	Usual       time.Duration // latency to be expected
	Sent, Lost  int           // messages

	Memory, CPU, Disk int  // percent in use
	Growing           bool // use grows while load does not

	Contradiction bool // different answers to the same question, or impossible ones
	Checksum      bool // content does not match its checksum
}

// Context is what is known of the system, whatever the symptoms.
type Context struct {
	Nodes       int                 // in the cluster; 0: not known, the observer's peers and itself are taken
	Criticality map[string]int      // points by component, -1 to 2: see Classify
	DependsOn   map[string][]string // what depends on a component, directly
}

// Limits from which a symptom counts.
const (
	exhausted  = 95              // percent of a resource
	stall      = 5 * time.Second // without progress: the interval of the seeds' heartbeat
	misses     = 3               // unanswered calls: the seeds' heartbeats missed
	slowFactor = 3               // times the usual latency
	lossyBelow = 20              // one message of so many lost
	again      = 3               // failures of the same kind that make a bug
)

// Classify makes a failure of symptoms. It reports false if there is none: no symptom, or that of a
// process which ended as it should.
//
// The type is found in this order: what proves a lie (contradictions, checksums), since other symptoms
// of such a node cannot be believed; the node being down, which explains the exit of its
// processes; the exit of a process; the network; a process without progress; resources. What has
// symptoms and is none of these is an UnknownFailure.
//
// The severity is the sum, clamped to low (0) .. critical (3), of
//
//   - the points of the type, 0 to 2;
//   - those of the component by Context.Criticality, -1 to 2;
//   - 1 if others would fall with it: three or more components depend on it, directly or not;
//   - 1 if recovery is hard: more than a fresh start is needed.
func Classify(now sim.Time, s Symptoms, c Context) (Incident, bool) {
	t, cause, ok := determine(s)
	if !ok {
		return Incident{}, false
	}
	affected := affectedBy(s, c)
	return Incident{
		Type:       t,
		Severity:   severity(t, s, c, len(affected)),
		Scope:      scope(t, s, c),
		Affected:   affected,
		DetectedAt: now,
		Cause:      cause,
		Recovery:   recovery(t, s),
		Impact:     impact(t, s, c),
	}, true
}

func determine(s Symptoms) (FailureType, string, bool) {
	switch {
	case s.Checksum:
		return DataCorruption, "content does not match its checksum", true
	case s.Contradiction:
		return ByzantineBehavior, "answers contradict each other", true
	case s.NodeDown:
		return NodeCrash, "the node was reported down", true
	case s.Exit.Failed():
		return byExit(s)
	}
	for _, by := range []func(Symptoms) (FailureType, string, bool){byNetwork, byProgress, byResource} {
		if t, cause, ok := by(s); ok {
			return t, cause, true
		}
	}
	if s.Timeouts > 0 || s.Unreachable > 0 || s.Stalled > 0 || s.Repeated > 0 || s.Lost > 0 {
		return UnknownFailure, "symptoms below every limit", true
	}
	return UnknownFailure, "", false
}

func byExit(s Symptoms) (FailureType, string, bool) {
	switch {
	case s.Exit == ExitMemory:
		return MemoryExhaustion, "the process ran out of memory", true
	case s.Race:
		return RaceCondition, "a race was reported before the process failed", true
	case s.Exit == ExitKilled && s.Locked:
		return Deadlock, "killed while its parts waited for each other", true
	case s.Exit == ExitKilled && s.Stalled >= stall:
		return ProcessHang, fmt.Sprintf("killed after %v without progress", s.Stalled), true
	case s.Exit == ExitPanic && s.Repeated >= again:
		return SoftwareBug, fmt.Sprintf("the same panic %d times", s.Repeated), true
	}
	return ProcessCrash, "the process ended: " + s.Exit.String(), true
}

// byNetwork tells a partition from a node that cannot be reached by how many are missing at once.
func byNetwork(s Symptoms) (FailureType, string, bool) {
	switch {
	case s.Unreachable > 1 || s.Unreachable == 1 && s.Peers == 1:
		return NetworkPartition, fmt.Sprintf("%d of %d nodes out of reach at once", s.Unreachable, s.Peers), true
	case s.Unreachable == 1 || s.Timeouts >= misses:
		return NodeUnreachable, fmt.Sprintf("%d calls unanswered, other nodes in reach", s.Timeouts), true
	case s.Sent > 0 && s.Lost*lossyBelow >= s.Sent:
		return PacketLoss, fmt.Sprintf("%d of %d messages lost", s.Lost, s.Sent), true
	case s.Usual > 0 && s.Latency >= slowFactor*s.Usual:
		return HighLatency, fmt.Sprintf("%v where %v is usual", s.Latency, s.Usual), true
	}
	return UnknownFailure, "", false
}

func byProgress(s Symptoms) (FailureType, string, bool) {
	switch {
	case s.Locked:
		return Deadlock, "parts wait for each other", true
	case s.Race:
		return RaceCondition, "a race was reported", true
	case s.Stalled >= stall:
		return ProcessHang, fmt.Sprintf("no progress for %v", s.Stalled), true
	case s.Repeated >= again:
		return SoftwareBug, fmt.Sprintf("the same failure %d times", s.Repeated), true
	}
	return UnknownFailure, "", false
}

func byResource(s Symptoms) (FailureType, string, bool) {
	switch {
	case s.Growing:
		return ResourceLeak, "use grows while load does not", true
	case s.Memory >= exhausted:
		return MemoryExhaustion, fmt.Sprintf("%d%% of the memory in use", s.Memory), true
	case s.Disk >= exhausted:
		return ResourceLeak, fmt.Sprintf("%d%% of the disk in use", s.Disk), true
	case s.CPU >= exhausted:
		return HighLatency, fmt.Sprintf("%d%% of the processor in use", s.CPU), true
	}
	return UnknownFailure, "", false
}

// affectedBy returns the component, those related to it and all that depend on them, sorted.
func affectedBy(s Symptoms, c Context) []string {
	var affected []string
	next := slices.Clone(s.Related)
	if s.Component != "" {
		next = append(next, s.Component)
	}
	for len(next) > 0 {
		one := next[0]
		next = next[1:]
		if slices.Contains(affected, one) {
			continue
		}
		affected = append(affected, one)
		next = append(next, c.DependsOn[one]...)
	}
	slices.Sort(affected)
	return affected
}

func severity(t FailureType, s Symptoms, c Context, affected int) Severity {
	points := failures[t].points + failures[t].hard + min(max(c.Criticality[s.Component], -1), 2)
	if affected > 3 {
		points++
	}
	return Severity(min(max(points, int(LowSeverity)), int(CriticalSeverity)))
}

// missing returns how many nodes cannot be used for this failure, and of how many. Who is out of reach is
// no matter of a process that failed: that is an incident of its own.
func missing(t FailureType, s Symptoms, c Context) (down, nodes int) {
	nodes = max(c.Nodes, s.Peers+1, 1)
	switch t.Category() {
	case NodeFailures, ByzantineFailures:
		return max(1, s.Unreachable), nodes
	case NetworkFailures:
		return max(0, s.Unreachable), nodes
	}
	return 0, nodes
}

func scope(t FailureType, s Symptoms, c Context) Scope {
	down, nodes := missing(t, s, c)
	switch {
	case down > 1 && 2*down >= nodes:
		return GlobalScope
	case down > 1 || t == NetworkPartition:
		return ClusterScope
	case down == 1 || t.Category() == NodeFailures || s.Memory >= exhausted || s.Disk >= exhausted:
		return NodeScope
	case t == HighLatency || t == PacketLoss:
		return NodeScope
	}
	return LocalScope
}

// recovery is that of the type; a process that keeps failing the same way is not mended by another start.
func recovery(t FailureType, s Symptoms) Recovery {
	way := failures[t].recovery
	if way == RestartProcess && s.Repeated >= again {
		return RollBack
	}
	return way
}

func impact(t FailureType, s Symptoms, c Context) Impact {
	down, nodes := missing(t, s, c)
	down = min(down, nodes)
	return Impact{Capacity: 100 * down / nodes, Available: 2*(nodes-down) > nodes, DataRisk: failures[t].data}
}
