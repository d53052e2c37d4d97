package models_test

import (
	"fmt"

	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

// Two servers that know nothing of each other are not one register: a client writes at one
// of them and reads at the other.
func ExampleSingleCopy() {
	m := models.SingleCopy(models.Harness{Clients: 1, Servers: 2})
	r, err := explore.Search(m, explore.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Unique, "states:", r.Verdict)
	for _, o := range r.Outcomes {
		fmt.Printf("%s %q: %s, %s\n", o.Kind, o.Name, o.Verdict, o.Detail)
		if o.Path != nil {
			for _, line := range o.Path.Lines() {
				fmt.Println("  " + line)
			}
		}
	}
	// Output:
	// 5 states: fail
	// sometimes "value chosen": inconclusive, it never happened
	// always "linearizable": fail, read of x returned nil after 65 was acknowledged
	//   deliver c2 -> s0 #2 put A
	//   deliver s0 -> c2 #2 put ok
	//   deliver c2 -> s1 #4 get
	//   deliver s1 -> c2 #4 get ok: nothing
}
