package scenario

import (
	"slices"
	"strings"

	"phoenix/properties"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

// cast returns whom the plan can name in a cluster.
func (s *Scenario) cast(c *Cluster) chaos.Cast {
	cast := c.Config.cast()
	for _, role := range s.roles() {
		cast.Roles[role] = func() []string {
			var names []string
			for _, id := range s.Roles[role](c) {
				names = append(names, c.World.HostName(id))
			}
			return names
		}
	}
	return cast
}

// coverage tells what became of the plan, of which the first listed faults are
// told one by one and the others by kind, and of the noise. That a server was repaired
// for the healed phase is no fault.
func coverage(w *sim.World, plan *chaos.Injection, listed int, repaired []string) properties.Coverage {
	var all properties.Coverage
	for i, e := range plan.Effects() {
		if e.Fault.Kind == chaos.End || e.Fault.Kind == chaos.Resume {
			continue // they end what others began
		}
		name := e.Label()
		if i >= listed {
			name = e.Fault.Sort()
		}
		all = all.Add(properties.Coverage{{Name: name, Configured: 1, Fired: e.Fired, Effect: e.Touched}})
	}
	for _, f := range properties.CoverageOf(w) {
		kind, host, _ := strings.Cut(f.Name, " ")
		repair := (kind == "crash" || kind == "restart") && slices.Contains(repaired, host)
		if !plan.Claims(f.Name) && !repair {
			all = all.Add(properties.Coverage{f})
		}
	}
	return all
}
