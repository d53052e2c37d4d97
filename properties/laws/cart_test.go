package laws_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
	"phoenix/properties"
	"phoenix/properties/laws"
)

// A cart is a type of one's own: what is in it, and the best coupon that anybody
// found, in percent. Each part is joined on its own.
type cart struct {
	items  crdt.AddWinsSet[string]
	coupon uint64
}

func (c *cart) Merge(o *cart) {
	c.items.Merge(&o.items)
	c.coupon = max(c.coupon, o.coupon)
}

func (c *cart) AppendBinary(b []byte) ([]byte, error) {
	return c.items.AppendBinary(binary.AppendUvarint(b, c.coupon))
}

func (c *cart) UnmarshalBinary(data []byte) error {
	coupon, n := binary.Uvarint(data)
	if n <= 0 {
		return errors.New("a cart begins with its coupon")
	}
	var items crdt.AddWinsSet[string]
	if err := items.UnmarshalBinary(data[n:]); err != nil {
		return err
	}
	c.items, c.coupon = items, coupon
	return nil
}

func (c *cart) put(r crdt.Replica, item string) *cart  { return &cart{items: *c.items.Add(r, item)} }
func (c *cart) take(r crdt.Replica, item string) *cart { return &cart{items: *c.items.Remove(r, item)} }

func (c *cart) redeem(percent uint64) *cart {
	c.coupon = max(c.coupon, percent)
	return &cart{coupon: percent}
}

// contents is what a customer sees.
func (c *cart) contents() []string {
	return slices.AppendSeq([]string{fmt.Sprintf("-%d%%", c.coupon)}, c.items.All())
}

// cartType says what a cart is for: an item is in it if a put is visible that no
// visible take, or later put, of it saw; the coupon is the best of those visible.
func cartType() laws.Type[cart] {
	is := func(kind string) func(*laws.Event) bool {
		return func(e *laws.Event) bool { return e.Kind == kind }
	}
	inside := func(v laws.View) []string { return v.Keys(v.Where(v.Alive(), is("put"))) }
	typ := laws.Type[cart]{
		Name:   "cart",
		Read:   (*cart).contents,
		Covers: func(later, earlier *laws.Event) bool { return later.Key != "" && later.Key == earlier.Key },
		Spec: func(v laws.View) []string {
			best := int64(0)
			for e := range v.Events(v.Where(v.Visible(), is("redeem"))) {
				best = max(best, e.Num)
			}
			return append([]string{fmt.Sprintf("-%d%%", best)}, inside(v)...)
		},
	}
	for _, item := range []string{"milk", "tea"} {
		typ.Ops = append(typ.Ops, laws.Op[cart]{
			Name:  "put " + item,
			Event: laws.Event{Kind: "put", Key: item},
			Do:    func(c *cart, e *laws.Event) *cart { return c.put(e.Replica, e.Key) },
		}, laws.Op[cart]{
			Name:  "take " + item,
			Event: laws.Event{Kind: "take", Key: item},
			When:  func(v laws.View, _ *laws.Event) bool { return slices.Contains(inside(v), item) },
			Do:    func(c *cart, e *laws.Event) *cart { return c.take(e.Replica, e.Key) },
		})
	}
	for _, percent := range []int64{10, 20} {
		typ.Ops = append(typ.Ops, laws.Op[cart]{
			Name:  fmt.Sprintf("redeem %d", percent),
			Event: laws.Event{Kind: "redeem", Num: percent},
			Do:    func(c *cart, e *laws.Event) *cart { return c.redeem(uint64(e.Num)) },
		})
	}
	return typ
}

func TestACartKeepsTheLaws(t *testing.T) { laws.Test(t, cartType()) }

// ExampleBulk checks a type of one's own and counts what the histories showed. In a test, laws.Test does it.
func ExampleBulk() {
	report, failure := laws.Bulk(cartType(), laws.Options{Histories: 500})
	fmt.Println(failure, report.Verdict(), report.Checked[15] > 100)

	// A cart with the coupon that was redeemed last on this copy, be it a worse one.
	wrong := cartType()
	for i := range wrong.Ops {
		if o := &wrong.Ops[i]; o.Event.Kind == "redeem" {
			o.Do = func(c *cart, e *laws.Event) *cart {
				c.coupon = uint64(e.Num)
				return &cart{coupon: c.coupon}
			}
		}
	}
	failure, _ = laws.Shortest(wrong, laws.Options{})
	fmt.Println(failure)
	// Output:
	// <nil> pass true
	// # FAIL cart breaks law 5: mutators inflate: the state before is included in the state after
	// #   the state after does not include the state before
	// #     one reads   ["-10%"]
	// #     other reads ["-20%"]
	// #     bytes differ from 0 on: 0a 0a 00 00 00
	// #                        and: 14 0a 00 00 00
	// A does "redeem 20" (delta 0)  # A: ["-20%"]
	// A does "redeem 10" (delta 1)  # A: ["-10%"]  <- here
}

func TestARunThatCouldNotFailIsInconclusive(t *testing.T) {
	report, failure := laws.Bulk(cartType(), laws.Options{Histories: 30, Steps: 1})
	require.Nil(t, failure)
	require.Equal(t, properties.Inconclusive, report.Verdict())
	golden(t, "inconclusive.txt", report.String())
	report, failure = laws.Bulk(cartType(), laws.Options{Histories: 300})
	require.Nil(t, failure)
	golden(t, "pass.txt", report.String())
}
