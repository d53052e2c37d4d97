package scenario_test

import (
	"fmt"

	"phoenix/properties/scenario"
)

// A document names a scenario, and sets what is to differ from its defaults.
func ExampleParseDocument() {
	const text = `
scenario: register/single-copy
servers: 1
faults:
  - at 100ms for 200ms pause s1
`
	s, doc, err := scenario.ParseDocument("one.yaml", []byte(text), scenario.Registers())
	if err != nil {
		fmt.Println(err)
		return
	}
	r := s.Run(scenario.Options{Seed: 1, Config: &doc.Config})
	fmt.Println(s.Name, r.Verdict, r.Operations, r.Faults)
	// Output:
	// register/single-copy pass {60 60 0 0} pause 1/1 fired, 2 tasks held up
}

// An error says where, and what was expected there.
func ExampleSyntaxError() {
	_, _, err := scenario.ParseDocument("one.yaml", []byte("scenario: register/abd\nuntil: soon\n"), scenario.Registers())
	fmt.Println(err)
	// Output:
	// one.yaml:2:8: expected a duration such as 1.5s or 200ms, got "soon"
	//   2 | until: soon
	//     |        ^
}

// Two servers that know nothing of each other are found out.
func ExampleScenario_Run() {
	s := scenario.SingleCopy()
	r := s.Run(scenario.Options{Seed: 1})
	fmt.Println(r.Verdict, r.Failed().Name)
	fmt.Println(s.Run(scenario.Options{Seed: 1}).Digest == r.Digest)
	// Output:
	// fail linearizable
	// true
}
