package laws_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
	"phoenix/properties/laws"
)

var update = flag.Bool("laws.update", false, "rewrite testdata instead of comparing with it")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, text string) {
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text, "-laws.update rewrites %s", path)
}

type (
	law0  struct{}
	law1  struct{}
	law2  struct{}
	law3  struct{}
	law4  struct{}
	law5  struct{}
	law6  struct{}
	law7  struct{}
	law8  struct{}
	law9  struct{}
	law10 struct{}
	law11 struct{}
	law12 struct{}
	law13 struct{}
	law15 struct{}
	law17 struct{}
	law18 struct{}
	law19 struct{}
	law20 struct{}
	law21 struct{}
	law22 struct{}
	law23 struct{}
	law99 struct{}
)

func (law0) law() laws.Law  { return 0 }
func (law1) law() laws.Law  { return 1 }
func (law2) law() laws.Law  { return 2 }
func (law3) law() laws.Law  { return 3 }
func (law4) law() laws.Law  { return 4 }
func (law5) law() laws.Law  { return 5 }
func (law6) law() laws.Law  { return 6 }
func (law7) law() laws.Law  { return 7 }
func (law8) law() laws.Law  { return 8 }
func (law9) law() laws.Law  { return 9 }
func (law10) law() laws.Law { return 10 }
func (law11) law() laws.Law { return 11 }
func (law12) law() laws.Law { return 12 }
func (law13) law() laws.Law { return 13 }
func (law15) law() laws.Law { return 15 }
func (law17) law() laws.Law { return 17 }
func (law18) law() laws.Law { return 18 }
func (law19) law() laws.Law { return 19 }
func (law20) law() laws.Law { return 20 }
func (law21) law() laws.Law { return 21 }
func (law22) law() laws.Law { return 22 }
func (law23) law() laws.Law { return 23 }
func (law99) law() laws.Law { return 99 }

// shortest returns the shortest history in which a mutant breaks a law, told.
func shortest[S any](t *testing.T, typ laws.Type[S], law laws.Law) string {
	o := laws.Options{Laws: laws.SetOf(law), Depth: 4, Budget: 20_000}
	f, did := laws.Shortest(typ, o)
	if f == nil {
		require.True(t, did.Histories > 0 && !did.Complete)
		o.Steps = 128
		_, f = laws.Bulk(typ, o)
	}
	require.NotNil(t, f, "%v survives", law)
	require.Equal(t, law, f.Law)
	again, err := laws.Replay(typ, f.Error())
	require.NoError(t, err)
	require.NotNil(t, again, "what is printed can be run again")
	return f.Error() + "\n\n"
}

func broken[B bug](t *testing.T) string {
	var b B
	return shortest(t, typeOf[B](), b.law())
}

func TestEveryLawIsBrokenByAMutantOfItsOwn(t *testing.T) {
	golden(t, "mutants.txt", strings.Join([]string{
		broken[law0](t),
		broken[law1](t),
		broken[law2](t),
		broken[law3](t),
		broken[law4](t),
		broken[law5](t),
		broken[law6](t),
		broken[law7](t),
		broken[law8](t),
		broken[law9](t),
		broken[law10](t),
		broken[law11](t),
		broken[law12](t),
		broken[law13](t),
		shortest(t, hoarder(), 14),
		broken[law15](t),
		shortest(t, tied(), 16),
		broken[law17](t),
		broken[law18](t),
		broken[law19](t),
		broken[law20](t),
		broken[law21](t),
		broken[law22](t),
	}, ""))
	broken[law23](t) // what it prints depends on the order of a map
}

func TestWithoutABugTheMutantKeepsAllLaws(t *testing.T) { laws.Test(t, typeOf[law99]()) }

func TestGrowthIsFoundByChurn(t *testing.T) {
	require.Nil(t, laws.Churn(typeOf[law99]()))
	golden(t, "churn.txt", laws.Churn(few(typeOf[law19]())).Error()+"\n")
}

// hoarder is a map of sets in which dropping a key leaves one of its elements.
func hoarder() laws.Type[crdt.ORMap[string, *crdt.AddWinsSet[string]]] {
	type tags = *crdt.AddWinsSet[string]
	type m = crdt.ORMap[string, tags]
	typ := laws.ORMap()
	typ.Name = "mutant of law 14"
	for i := range typ.Ops {
		if typ.Ops[i].Event.Kind == "drop" {
			typ.Ops[i].Do = func(s *m, e *laws.Event) *m {
				return s.Update(e.Key, func(v tags) tags { return v.Remove(e.Replica, "x") })
			}
		}
	}
	return typ
}

// A register keeps what it has if the times are equal: who wins depends on who merges what.
type register struct {
	Stamp crdt.Stamp
	Val   string
}

func (r *register) Merge(o *register) {
	if r.Val == "" || o.Val != "" && o.Stamp.Time > r.Stamp.Time {
		*r = *o
	}
}

func (r *register) AppendBinary(b []byte) ([]byte, error) {
	text, err := json.Marshal(r)
	return append(b, text...), err
}

func (r *register) UnmarshalBinary(data []byte) error { return json.Unmarshal(data, r) }

func tied() laws.Type[register] {
	right := laws.LWWRegister()
	typ := laws.Type[register]{
		Name: "mutant of law 16", Spec: right.Spec, Specifies: 16,
		Read: func(r *register) []string { return []string{r.Val}[:min(1, len(r.Val))] },
	}
	for _, o := range right.Ops {
		typ.Ops = append(typ.Ops, laws.Op[register]{
			Name: o.Name, Event: o.Event, When: o.When,
			Do: func(r *register, e *laws.Event) *register {
				d := &register{e.Stamp, e.Val}
				r.Merge(d)
				return d
			},
		})
	}
	return typ
}
