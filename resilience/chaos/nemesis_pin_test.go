package chaos_test

import (
	"testing"

	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// drawn are the plans of each nemesis for five servers and three clients: a change of
// these is a change of what every seed means.
var drawn = map[string]string{
	"random": `
at 213ms for 433ms exhaust s3 bandwidth 600
at 240ms for 338ms clock s4 offset 38ms
at 252ms for 418ms crash s2 keeping all
at 542ms for 193ms slow s1 by 14ms
`,
	"one-node": `
at 61ms for 237ms crash s4 keeping all
at 384ms for 214ms exhaust s4 bandwidth 600
at 746ms for 223ms slow s4 by 14ms
at 1.063s for 226ms clock s4 offset 38ms
`,
	"swarm": `
at 115ms for 227ms reorder 45% by uniform(13ms, 50ms) everywhere
at 240ms for 338ms clock s4 offset 38ms
at 313ms for 217ms byzantine s4 equivocate 50%
at 542ms for 193ms slow s1 by 14ms
`,
	"majority": `
at 61ms for 237ms partition partial s2 c1 c3 | s5 s4 s1 s3 c2
at 384ms for 214ms partition partial s1 c1 | s3 s2 s5 s4 c3 c2
at 746ms for 223ms partition partial s5 s3 c1 | s1 s2 s4 c2 c3
at 1.063s for 226ms partition partial s1 c3 | s2 s5 s3 s4 c2 c1
`,
	"bridge": `
at 61ms for 237ms partition bridge s5 s4 c1 c3 | s2 | s1 s3 c2
at 384ms for 214ms partition bridge s3 s2 c1 | s1 | s5 s4 c3 c2
at 746ms for 223ms partition bridge s3 s1 c1 | s5 | s2 s4 c2 c3
at 1.063s for 226ms partition bridge s2 s5 c3 | s1 | s3 s4 c2 c1
`,
	"ring": `
at 61ms for 237ms partition ring s2 s5 s4 s1 s3
at 384ms for 214ms partition ring s1 s3 s2 s5 s4
at 746ms for 223ms partition ring s5 s3 s1 s2 s4
at 1.063s for 226ms partition ring s1 s2 s5 s3 s4
`,
	"flapping": `
at 66ms for 357ms partition partial s2 s5 c1 c3 | s4 s1 s3 c2 flapping 51ms
at 552ms for 322ms partition partial s1 c1 | s3 s2 s5 s4 c3 c2 flapping 46ms
at 1.096s for 335ms partition partial s5 s3 s1 c1 | s2 s4 c2 c3 flapping 47ms
at 1.571s for 341ms partition partial s1 s2 c3 | s5 s3 s4 c2 c1 flapping 48ms
`,
	"isolate": `
at 61ms for 237ms partition partial s4 | s1 s2 s3 s5 c1 c2 c3
at 384ms for 214ms partition partial s2 | s1 s3 s4 s5 c1 c2 c3
at 746ms for 223ms partition partial s3 | s1 s2 s4 s5 c1 c2 c3
at 1.063s for 226ms partition partial s1 | s2 s3 s4 s5 c1 c2 c3
`,
	"rolling-restart": `
at 56ms for 143ms crash s4
at 251ms for 129ms crash s2
at 469ms for 134ms crash s3
at 658ms for 136ms crash s1
`,
	"swizzle": `
at 61ms for 237ms swizzle s4 s5 s2
at 384ms for 214ms swizzle s1 s4 s3
at 746ms for 223ms swizzle s4 s5 s3 s1 s2
at 1.063s for 226ms swizzle s3 s2 s5 s1
`,
}

func TestWhatASeedMeansIsPinned(t *testing.T) {
	require.Len(t, drawn, len(chaos.Nemeses()))
	for name, want := range drawn {
		p := chaos.Nemesis{Name: name, Faults: 4}.Plan(sim.NewKey(7), clusterOf(5, 3))
		require.Equal(t, want, "\n"+p.String(), name)
	}
	require.Equal(t, chaos.Nemesis{Name: chaos.Random, Faults: 4}.Plan(sim.NewKey(7), clusterOf(5, 3)),
		chaos.Nemesis{Faults: 4}.Plan(sim.NewKey(7), clusterOf(5, 3)))
}
