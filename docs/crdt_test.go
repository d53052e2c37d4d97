package docs_test

import (
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"phoenix/crdt"
	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/properties/laws"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

func crdtPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("12-crdts.md")
	require.NoError(t, err)
	return string(page)
}

func TestTheShoppingListOfTheGuide(t *testing.T) {
	var here, there crdt.AddWinsSet[string] // the zero value is empty and ready
	added := here.Add(1, "milk")            // 1 is the replica that acts
	there.Merge(added)                      // what a mutator returns is the delta: all that the others need

	removed := there.Remove(2, "milk") // at the same time
	again := here.Add(1, "milk")       // somebody wants it after all
	here.Merge(removed)
	there.Merge(again)

	require.True(t, here.Contains("milk")) // the removal did not see the second add
	require.True(t, crdt.Same(&here, &there))
}

func TestTheHeroesOfTheGuideDieOnce(t *testing.T) {
	type heroes = crdt.TombstoneMap[string, crdt.PNCounter]
	var oslo, rome heroes
	health := func(r crdt.Replica, n int64) func(*crdt.PNCounter) *crdt.PNCounter {
		return func(v *crdt.PNCounter) *crdt.PNCounter { return v.Add(r, n) }
	}
	_, err := oslo.Update(1, "ada", health(1, 80))
	require.NoError(t, err)
	rome.Merge(&oslo)

	_, err = oslo.Update(1, "ada", health(1, -11)) // a fight in Oslo
	require.NoError(t, err)
	_, err = rome.Update(2, "ada", health(2, +20)) // a cure in Rome
	require.NoError(t, err)
	oslo.Merge(&rome)
	ada, _ := oslo.Get("ada")
	require.EqualValues(t, 89, ada.Value()) // both count

	rome.Delete(2, "ada")
	oslo.Merge(&rome)
	_, err = oslo.Update(1, "ada", health(1, 20))
	require.ErrorIs(t, err, crdt.ErrDead) // and nothing brings her back
}

func TestTheStampsOfTheGuideOrderWrites(t *testing.T) {
	clock := crdt.HybridClock{Bound: int64(time.Minute)}
	var mine, theirs crdt.LWWRegister[string]
	theirs.Set(crdt.Stamp{Time: 2_000, Replica: 7}, "their clock is ahead")
	if err := clock.Observe(theirs.Stamp(), 1_000); err == nil { // refused if it is ahead by more than the bound
		mine.Merge(&theirs)
	}
	mine.Set(clock.Now(1, 1_000), "but this saw it, and is later")
	theirs.Merge(&mine)

	v, _ := theirs.Get()
	require.Equal(t, "but this saw it, and is later", v)
}

// A longest is the longest jump that anybody has reported. Its join is the maximum.
type longest struct{ cm uint64 }

func (l *longest) report(cm uint64) *longest {
	l.cm = max(l.cm, cm)
	return &longest{cm}
}

func (l *longest) Merge(o *longest) { l.cm = max(l.cm, o.cm) }

func (l *longest) AppendBinary(b []byte) ([]byte, error) { return binary.AppendUvarint(b, l.cm), nil }

func (l *longest) UnmarshalBinary(data []byte) error {
	cm, n := binary.Uvarint(data)
	if n <= 0 || n != len(data) {
		return errors.New("no jump")
	}
	l.cm = cm
	return nil
}

func TestTheLongestJumpKeepsTheLaws(t *testing.T) {
	jump := func(cm uint64) laws.Op[longest] {
		return laws.Op[longest]{
			Name:  fmt.Sprintf("report %d", cm),
			Event: laws.Event{Num: int64(cm)},
			Do:    func(l *longest, _ *laws.Event) *longest { return l.report(cm) },
		}
	}
	laws.Test(t, laws.Type[longest]{
		Name: "longest jump",
		Ops:  []laws.Op[longest]{jump(610), jump(742), jump(895)},
		Read: func(l *longest) []string { return []string{fmt.Sprint(l.cm)} },
		Spec: func(v laws.View) []string { // what a read must say, given the operations it could know of
			far := int64(0)
			for e := range v.Events(v.Visible()) {
				far = max(far, e.Num)
			}
			return []string{fmt.Sprint(far)}
		},
	})
}

// visits adds up what it merges: a sum, and no join.
type visits struct{ longest }

func (v *visits) Merge(o *visits) { v.cm += o.cm }

func TestTheVisitsOfTheGuideBreakALaw(t *testing.T) {
	failure, _ := laws.Shortest(laws.Type[visits]{
		Name: "visits",
		Ops: []laws.Op[visits]{{Name: "visit", Do: func(v *visits, _ *laws.Event) *visits {
			v.cm++
			return &visits{longest{1}}
		}}},
		Read: func(v *visits) []string { return []string{fmt.Sprint(v.cm)} },
		Spec: func(v laws.View) []string { return []string{fmt.Sprint(v.Visible().Len())} },
	}, laws.Options{Laws: laws.SetOf(13)})
	require.NotNil(t, failure)
	require.Contains(t, crdtPage(t), "```\n"+failure.Error()+"\n```\n")
}

// What the page says of the commands that it names is what they print, but for the spaces
// that tables are indented by.
func TestTheGuideShowsHowFarHeroesAreApart(t *testing.T) {
	page := between(t, crdtPage(t), "\n## Watching it happen\n", "\n## ")
	prints := func(command string) string {
		t.Helper()
		require.Contains(t, page, command+"`")
		return printed(t, run, append(strings.Fields(command), "--no-out", "--fail-dir", t.TempDir())...)
	}
	right := prints("run crdt/heroes --seeds 0..300")
	require.Contains(t, right, "PASS crdt/heroes: 300 runs")
	_, table, found := strings.Cut(right, "\n  metric ")
	require.True(t, found, "%s", right)
	table = strings.ReplaceAll("metric "+table, "\n  ", "\n")
	require.Equal(t, table, between(t, page, "```\n", "```"), "the table should be\n%s", table)

	wrong := prints("run crdt/heroes:collects-early --seeds 0..5")
	saw, shows, found := strings.Cut(between(t, page, "too early: *", "*"), " … ")
	require.True(t, found)
	require.Regexp(t, saw+" has seen .* "+regexp.QuoteMeta(shows)+"\n", wrong)
}

// A lister is a node that has a list in common with others.
type lister struct {
	list *gossip.Replica[crdt.AddWinsSet[string], *crdt.AddWinsSet[string]]
}

func (s *lister) Receive(from network.ID, msg any) {
	if s.list.Receive(from, msg) {
		return // it was gossip's
	}
	s.list.Update(func(id crdt.Replica, list *crdt.AddWinsSet[string]) *crdt.AddWinsSet[string] {
		return list.Add(id, msg.(string))
	})
}

func TestListersOfTheGuideAgreeThroughLoss(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	net := network.New(w, network.Config{Link: network.Link{Loss: network.ProbOf(0.2)}})
	var listers []*lister
	for i := range 3 {
		net.Add(fmt.Sprint("shop ", i), func(ep *network.Endpoint) network.Handler {
			s := &lister{gossip.New[crdt.AddWinsSet[string]](ep, gossip.Config{})}
			ep.Send(ep.ID(), fmt.Sprint("from ", i))
			listers = append(listers, s)
			return s
		})
	}
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{})) // silent once all have acknowledged all
	for _, s := range listers {
		require.Len(t, slices.Collect(s.list.State().All()), 3)
	}
}

// A cost is what states of one type take, in bytes of their encodings.
type cost struct {
	name            string
	one, many, gone int // with one thing, with 1000 of three replicas, when those are removed: -1 if they cannot be
	delta           int // of one operation on the 1000
}

func size(t *testing.T, s encoding.BinaryAppender) int {
	b, err := s.AppendBinary(nil)
	require.NoError(t, err)
	return len(b)
}

// measure has op do things, the last of them noted as delta, and then take them away.
func measure[S any, P interface {
	*S
	encoding.BinaryAppender
}](t *testing.T, name string, op, remove func(s *S, r crdt.Replica, thing string) *S) cost {
	var one, many S
	op(&one, 1, "item0000")
	c := cost{name: name, one: size(t, P(&one)), gone: -1}
	for i := range 1000 {
		c.delta = size(t, P(op(&many, crdt.Replica(i%3+1), fmt.Sprintf("item%04d", i))))
	}
	c.many = size(t, P(&many))
	if remove != nil {
		for i := range 1000 {
			remove(&many, crdt.Replica(i%3+1), fmt.Sprintf("item%04d", i))
		}
		c.gone = size(t, P(&many))
	}
	return c
}

func costs(t *testing.T) []cost {
	type (
		r       = crdt.Replica
		awset   = crdt.AddWinsSet[string]
		rwset   = crdt.RemoveWinsSet[string]
		two     = crdt.TwoPhaseSet[string]
		lww     = crdt.LWWMap[string, string]
		ormap   = crdt.ORMap[string, *awset]
		buried  = crdt.TombstoneMap[string, crdt.PNCounter]
		counter = crdt.PNCounter
	)
	n := int64(0)
	at := func(by r) crdt.Stamp {
		n++
		return crdt.Stamp{Time: n * 1e9, Replica: by} // nanoseconds
	}
	return []cost{
		measure(t, "`PNCounter`", func(s *counter, r r, _ string) *counter { return s.Add(r, 1) },
			func(s *counter, r r, _ string) *counter { return s.Add(r, -1) }),
		measure(t, "`GSet`", func(s *crdt.GSet[string], _ r, e string) *crdt.GSet[string] { return s.Add(e) }, nil),
		measure(t, "`TwoPhaseSet`", func(s *two, _ r, e string) *two { return s.Add(e) },
			func(s *two, _ r, e string) *two { return s.Remove(e) }),
		measure(t, "`AddWinsSet`", func(s *awset, r r, e string) *awset { return s.Add(r, e) },
			func(s *awset, r r, e string) *awset { return s.Remove(r, e) }),
		measure(t, "`RemoveWinsSet`", func(s *rwset, r r, e string) *rwset { return s.Add(r, e) },
			func(s *rwset, r r, e string) *rwset { return s.Remove(r, e) }),
		measure(t, "`LWWMap`, no values", func(s *lww, r r, e string) *lww { return s.Set(at(r), e, "") },
			func(s *lww, r r, e string) *lww { return s.Delete(at(r), e) }),
		measure(t, "`ORMap` of `AddWinsSet`, one element each", func(s *ormap, r r, e string) *ormap {
			return s.Update(e, func(v *awset) *awset { return v.Add(r, "x") })
		}, func(s *ormap, r r, e string) *ormap { return s.Remove(r, e) }),
		measure(t, "`TombstoneMap` of `PNCounter`", func(s *buried, r r, e string) *buried {
			d, err := s.Update(r, e, func(v *counter) *counter { return v.Add(r, 1) })
			require.NoError(t, err)
			return d
		}, func(s *buried, r r, e string) *buried { return s.Delete(r, e) }),
	}
}

func TestWhatTheTypesOfTheGuideCost(t *testing.T) {
	var b strings.Builder
	b.WriteString("| | one | each of 1000 | all removed | a delta |\n|---|---|---|---|---|\n")
	for _, c := range costs(t) {
		gone := fmt.Sprint(c.gone)
		if c.gone < 0 {
			gone = "cannot"
		}
		fmt.Fprintf(&b, "| %s | %d | %.1f | %s | %d |\n", c.name, c.one, float64(c.many)/1000, gone, c.delta)
	}
	require.Contains(t, crdtPage(t), b.String(), "the table should be\n%s", b.String())
}
