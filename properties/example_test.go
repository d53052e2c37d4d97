package properties_test

import (
	"fmt"

	"phoenix/properties"
	"phoenix/sim"
)

// Two nodes hand over the lead by the clock; one clock is slow.
func Example() {
	w := newElections(1)
	defer w.Close()
	w.Host(0).SetDrift(-1_000_000)

	set := properties.New(w.World)
	set.Always("one leader", w.oneLeader)
	set.Sometimes("b leads", func() bool { return w.leads[1] })
	set.Eventually("a steps down", w.down)
	outcomes := set.Judge(w.Run(sim.Limit{}), false)
	for _, o := range outcomes {
		fmt.Printf("%s %s: %s at %s\n", o.Kind, o.Name, o.Verdict, o.At)
	}
	fmt.Println(properties.Overall(outcomes), outcomes[0].Detail)
	// Output:
	// always one leader: fail at 100ms
	// sometimes b leads: pass at 100ms
	// eventually a steps down: inconclusive at 100ms
	// fail a and b both lead
}
