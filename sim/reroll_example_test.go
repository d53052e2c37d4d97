package sim_test

import (
	"fmt"

	"phoenix/sim"
)

// Two more fates of one world: what it drew before a time stays.
func ExampleReroll() {
	dice := func(r *sim.Reroll) (thrown []int) {
		w := sim.New(sim.Config{Seed: 1, Reroll: r})
		defer w.Close()
		key := w.Key("dice")
		for i := range uint64(8) {
			w.At(sim.Time(i), func() { thrown = append(thrown, 1+key.Num(i).Below(6)) })
		}
		w.Run(sim.Limit{})
		return thrown
	}
	fmt.Println(dice(nil))
	fmt.Println(dice(&sim.Reroll{At: 4, Seed: 1}))
	fmt.Println(dice(&sim.Reroll{At: 4, Seed: 2}))
	// Output:
	// [6 1 5 2 2 6 5 5]
	// [6 1 5 2 2 2 3 2]
	// [6 1 5 2 2 4 4 4]
}
