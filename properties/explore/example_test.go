package explore_test

import (
	"errors"
	"fmt"

	"phoenix/network"
	"phoenix/properties/explore"
)

// account is a node that is asked to withdraw 1, by a question and then an order.
type account struct {
	ep      *network.Endpoint
	Balance int
}

type (
	question struct{}
	balance  struct{ Amount int }
	set      struct{ Amount int }
)

func (a *account) Receive(from network.ID, msg any) {
	switch m := msg.(type) {
	case question:
		a.ep.Send(from, balance{a.Balance})
	case set:
		a.Balance = m.Amount
	}
}

// customer withdraws 1 as it should not be done: by reading and writing.
type customer struct {
	ep   *network.Endpoint
	Done bool
}

func (c *customer) Receive(from network.ID, msg any) {
	c.ep.Send(from, set{msg.(balance).Amount - 1})
	c.Done = true
}

// accounts is an account with two customers.
func accounts() explore.Model {
	m := explore.Model{Nodes: []explore.Node{{Name: "account", Boot: func(ep *network.Endpoint) network.Handler {
		return &account{ep: ep, Balance: 2}
	}}}}
	for _, name := range []string{"ann", "bob"} {
		m.Nodes = append(m.Nodes, explore.Node{Name: name, Boot: func(ep *network.Endpoint) network.Handler {
			ep.Send(0, question{})
			return &customer{ep: ep}
		}})
	}
	return m
}

// Both read before either writes: one of the withdrawals is lost. The last order changes
// nothing any more, so that its delivery is no step.
func ExampleSearch() {
	m := accounts()
	m.Properties = []explore.Property{explore.AtRest("both are withdrawn", func(s *explore.State) error {
		if left := s.Node(0).(*account).Balance; left != 0 {
			return fmt.Errorf("%d is left of 2", left)
		}
		return nil
	})}
	res, err := explore.Search(m, explore.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Verdict, "after", res.Unique, "states:", res.Outcomes[0].Detail)
	for _, line := range res.Outcomes[0].Path.Lines() {
		fmt.Println(line)
	}
	// Output:
	// fail after 20 states: 1 is left of 2
	// deliver ann -> account question{}
	// deliver account -> ann balance{Amount: 2}
	// deliver bob -> account question{}
	// deliver ann -> account set{Amount: 1}
	// deliver account -> bob balance{Amount: 2}
}

// conserved claims that never more is withdrawn than there are customers that are done: a
// property of a user's own is a function that returns one.
func conserved(customers ...network.ID) explore.Property {
	return explore.Always("conserved", func(s *explore.State) error {
		left := 2 - s.Node(0).(*account).Balance
		for _, id := range customers {
			if s.Node(id).(*customer).Done {
				left--
			}
		}
		if left > 0 {
			return errors.New("more is withdrawn than was asked for")
		}
		return nil
	})
}

// A property of one's own, in a search that visits all states.
func ExampleAlways() {
	m := accounts()
	m.Properties = []explore.Property{conserved(1, 2)}
	res, err := explore.Search(m, explore.Config{})
	fmt.Println(res.Verdict, err, res.Unique, "states,", res.Generated, "steps")
	// Output:
	// pass <nil> 20 states, 27 steps
}
