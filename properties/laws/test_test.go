package laws_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/laws"
)

// spy is a test that keeps what it was failed with.
type spy struct {
	testing.TB
	said string
}

func (s *spy) Fatalf(format string, args ...any) {
	s.said = fmt.Sprintf(format, args...)
	panic(s)
}

// verdict returns what Test says of a type.
func verdict[S any](t *testing.T, typ laws.Type[S], o laws.Options) string {
	s := &spy{TB: t}
	func() {
		defer func() {
			if r := recover(); r != nil && r != any(s) {
				panic(r)
			}
		}()
		laws.Test(s, typ, o)
	}()
	return s.said
}

// A cart that counts what is in it, as one number under everybody's hands: what two
// copies add at once counts once.
func TestABrokenTypeIsToldByItsShortestHistory(t *testing.T) {
	wrong := cartType()
	wrong.Name = "cart with a sum"
	wrong.Read = func(c *cart) []string { return []string{fmt.Sprint(c.coupon)} }
	wrong.Spec = func(v laws.View) []string { return []string{fmt.Sprint(v.Sum(v.Visible()))} }
	wrong.Ops = nil
	for _, n := range []int64{1, 2} {
		wrong.Ops = append(wrong.Ops, laws.Op[cart]{
			Name:  fmt.Sprint("add ", n),
			Event: laws.Event{Num: n},
			Do: func(c *cart, e *laws.Event) *cart {
				c.coupon += uint64(e.Num)
				return &cart{coupon: c.coupon}
			},
		})
	}
	wrong.Carries = func(_, _ *laws.Event) bool { return true } // the delta has all that its copy saw
	golden(t, "sum.txt", verdict(t, wrong, laws.Options{})+"\n")
}

func TestATestThatShowsNothingFails(t *testing.T) {
	require.Contains(t, verdict(t, cartType(), laws.Options{Steps: 2, Histories: 50}),
		"lacking: there were no crashes that lost events")
	require.Empty(t, verdict(t, cartType(), laws.Options{}))
	growing := typeOf[law19]()
	growing.Ops = growing.Ops[:1]
	growing.Bound = func(laws.View) int { return 1 << 20 }
	require.Contains(t, verdict(t, growing, laws.Options{Laws: laws.SetOf(19)}), "14266 after 512")
}
