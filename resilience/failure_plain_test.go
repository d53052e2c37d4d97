package resilience

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/sim/simtest"
)

// plainResponse is the specification of Classify and ResponseTo for the few symptoms that the mutants are
// tried with: what is done about them. bug is a defect of the seeds, by name.
func plainResponse(bug string, s Symptoms) string {
	exit := s.Exit.Failed() || bug == "a normal exit is a failure" && s.Exit == ExitNormal
	if bug == "crashes without an exit reason" && s.Exit == StillRunning {
		return "crash"
	}
	if bug == "only five pairs have a response" && s.NodeDown && s.Unreachable > 2 {
		return "crash" // high, global
	}
	switch {
	case bug == "an exit masks the node" && exit:
		return "restart the process"
	case s.NodeDown && s.Unreachable > 2:
		return "fail over"
	case s.NodeDown:
		return "isolate the node"
	case exit:
		return "restart the process"
	case s.Unreachable > 2:
		return "fail over: partition"
	}
	return "nothing"
}

func realResponse(s Symptoms) string {
	i, failed := Classify(0, s, Context{Nodes: 5})
	switch {
	case !failed:
		return "nothing"
	case i.Type == NetworkPartition && ResponseTo(i.Severity, i.Scope) >= ClusterFailover:
		return "fail over: partition"
	case i.Type == ProcessCrash && ResponseTo(i.Severity, i.Scope) == LocalRestart:
		return "restart the process"
	case ResponseTo(i.Severity, i.Scope) == ClusterFailover:
		return "fail over"
	case ResponseTo(i.Severity, i.Scope) == NodeIsolation:
		return "isolate the node"
	}
	return fmt.Sprint(i)
}

func TestEveryMutantOfTheFailureModelIsKilled(t *testing.T) {
	seen := map[string]func(*Symptoms){
		"the process ends normally":  func(s *Symptoms) { s.Exit = ExitNormal },
		"the process panics":         func(s *Symptoms) { s.Exit = ExitPanic },
		"the node is down":           func(s *Symptoms) { s.NodeDown = true },
		"3 of 4 nodes out of reach":  func(s *Symptoms) { s.Peers, s.Unreachable = 4, 3 },
		"all nodes are in reach now": func(s *Symptoms) { s.Peers, s.Unreachable = 4, 0 },
	}
	alphabet := []string{"the process ends normally", "the process panics", "the node is down",
		"3 of 4 nodes out of reach", "all nodes are in reach now"}
	differ := func(bug string) func([]string) string {
		return func(ops []string) string {
			var s Symptoms
			for _, op := range ops {
				seen[op](&s)
			}
			if a, b := plainResponse(bug, s), realResponse(s); a != b {
				return fmt.Sprintf("%s, should be: %s", a, b)
			}
			return ""
		}
	}
	_, why := simtest.Shortest(alphabet, 4, differ(""))
	require.Empty(t, why, "the specification without a bug")
	var rows []mutant
	for _, m := range [][2]string{
		{"FM-3", "crashes without an exit reason"}, {"FM-3", "a normal exit is a failure"},
		{"FM-3", "an exit masks the node"}, {"FM-6", "only five pairs have a response"},
	} {
		sequence, why := simtest.Shortest(alphabet, 4, differ(m[1]))
		require.NotEmpty(t, why, "%s survives", m[1])
		rows = append(rows, mutant{m[0], m[1], sequence, why})
	}
	requireMutants(t, "failures", rows)
}
