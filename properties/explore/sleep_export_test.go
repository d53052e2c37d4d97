package explore

import (
	"fmt"
	"maps"
)

// SearchAsleep is Search with sleep sets and some of the rules that they rest upon left out:
// "merged", "turns", "told".
func SearchAsleep(m Model, cfg Config, without string) (Result, error) {
	cfg.SleepSets = true
	sys, err := newSystem(m, false)
	if err != nil {
		return Result{}, err
	}
	s, err := newSearch(sys, cfg)
	if err != nil {
		return Result{}, err
	}
	s.sleep.rules &^= sleepRulesNamed[without]
	if err := s.run(); err != nil {
		return Result{}, err
	}
	return s.result()
}

var sleepRulesNamed = map[string]sleepRules{"merged": sleepMerged, "turns": sleepTurns, "told": sleepTold}

// Commute tries, in up to a number of states of a model, whether steps that are told to be
// independent are: both orders lead to the same states. It returns how many pairs it tried.
func Commute(m Model, states int, without string) (pairs int, err error) {
	sys, err := newSystem(m, false)
	if err != nil {
		return 0, err
	}
	queue, err := sys.initial()
	if err != nil {
		return 0, err
	}
	known := map[string]bool{}
	for len(queue) > 0 && len(known) < states {
		r := queue[0]
		queue = queue[1:]
		if key := fmt.Sprint(r); known[key] {
			continue
		} else {
			known[key] = true
		}
		at, err := juncturesOf(sys, r, allSleepRules&^sleepRulesNamed[without])
		if err != nil {
			return pairs, err
		}
		for i := range at {
			queue = append(queue, at[i].to...)
			for j := range i {
				if at[i].touches&at[j].touches != 0 {
					continue
				}
				if err := at[i].commutes(sys, &at[j]); err != nil {
					return pairs, err
				}
				pairs++
			}
		}
	}
	return pairs, nil
}

// juncture is a happening and the states that it leads to.
type juncture struct {
	happening
	to []row
}

func juncturesOf(sys *system, r row, rules sleepRules) (all []juncture, err error) {
	x, z := newExpander(sys), &sleeper{sets: newSleepSets(rules)}
	if err := x.expand(r); err != nil {
		return nil, err
	}
	z.rouse(x)
	begin := 0
	for _, h := range z.all {
		b := juncture{happening: h}
		for ; begin < h.end; begin++ {
			b.to = append(b.to, x.make(nil, &x.succs[begin]))
		}
		all = append(all, b)
	}
	return all, nil
}

func (a *juncture) commutes(sys *system, b *juncture) error {
	ab, err := a.before(sys, b)
	if err != nil {
		return err
	}
	ba, err := b.before(sys, a)
	if err == nil && !maps.Equal(ab, ba) {
		err = fmt.Errorf("%x and %x lead to %v, and to %v", a.name, b.name, ab, ba)
	}
	return err
}

// before returns the states after a and then b, as texts.
func (a *juncture) before(sys *system, b *juncture) (map[string]bool, error) {
	all := map[string]bool{}
	for _, r := range a.to {
		then, err := juncturesOf(sys, r, 0)
		if err != nil {
			return nil, err
		}
		for _, c := range then {
			for i := 0; c.name == b.name && i < len(c.to); i++ {
				all[fmt.Sprint(c.to[i])] = true
			}
		}
	}
	return all, nil
}
