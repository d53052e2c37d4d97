package chaos

import "slices"

// Without returns the plan without fault i, and without what ends it by name.
func (p Plan) Without(i int) Plan {
	return p.Keep(func(j int, _ *Fault) bool { return j != i })
}

// Keep returns the faults that ok accepts, given their numbers too, and of the Ends
// among them those of faults that are left.
func (p Plan) Keep(ok func(i int, f *Fault) bool) Plan {
	kept := Plan{}
	names := map[string]bool{}
	for i := range p {
		if f := &p[i]; ok(i, f) {
			kept = append(kept, *f)
			if f.Kind != End {
				names[f.Name] = true
			}
		}
	}
	return slices.DeleteFunc(kept, func(f Fault) bool { return f.Kind == End && !names[f.Name] })
}

// Mentions returns the names in the targets of the plan, of hosts, groups and roles,
// each once, in order of their appearance.
func (p Plan) Mentions() []string {
	var all []string
	seen := map[string]bool{}
	for i := range p {
		for _, t := range slices.Concat([]Target{p[i].On, p[i].To}, p[i].Groups) {
			for _, name := range t.Of {
				if !seen[name] {
					seen[name] = true
					all = append(all, name)
				}
			}
		}
	}
	return all
}

// Rename returns the plan with another name for each that its targets mention; ""
// drops the name. So the plan of a cluster becomes that of a smaller one. A target
// stays as it is otherwise, also in how many it picks. What strikes nobody any more is
// gone, with what ends it: also a partition that has too few sides left, while a bridge
// without a middle becomes Partial. Two names must not become one. Numbers such as #3
// are names as well.
func (p Plan) Rename(as func(name string) string) Plan {
	renamed := make(Plan, len(p))
	alive := make([]bool, len(p))
	for i, f := range p {
		renamed[i], alive[i] = f.rename(as)
	}
	return renamed.Keep(func(i int, _ *Fault) bool { return alive[i] })
}

// rename reports false if nothing of the fault is left.
func (f Fault) rename(as func(string) string) (Fault, bool) {
	struck := f.targets()
	f.On, f.To = f.On.rename(as), f.To.rename(as)
	for i, t := range f.targets() {
		if t.IsZero() && !struck[i].IsZero() {
			return f, false
		}
	}
	if f.Kind == Byzantine && f.To.IsZero() && len(struck) == 2 {
		return f, false // it would deceive everybody instead
	}
	if f.Kind == Partition {
		return f, f.renameGroups(as)
	}
	return f, true
}

func (f *Fault) renameGroups(as func(string) string) bool {
	groups := make([]Target, 0, len(f.Groups))
	before := 0
	for _, g := range f.Groups {
		groups = append(groups, g.rename(as))
		before += len(g.Of)
	}
	if f.mode() == Bridge && len(groups) == 3 && groups[1].IsZero() {
		f.Mode = Partial
	}
	f.Groups = slices.DeleteFunc(groups, Target.IsZero)
	if f.mode() == Ring {
		return len(f.Groups) == 1 && (len(f.Groups[0].Of) >= minRing || len(f.Groups[0].Of) == before)
	}
	return len(f.Groups) >= max(2, groupsOf[f.mode()])
}

func (t Target) rename(as func(string) string) Target {
	var names []string
	for _, n := range t.Of {
		if n = as(n); n != "" {
			names = append(names, n)
		}
	}
	if names == nil {
		return Target{}
	}
	t.Of = names
	return t
}
