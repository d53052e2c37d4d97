package replicated

import (
	"phoenix/crdt"
	"phoenix/network"
)

// Bugs that are a type of their own are made here.

// ServeCounter returns the boot function of a server of a Counter.
func ServeCounter(cfg Config, watch *Monitor) network.Boot {
	return Server[crdt.PNCounter](cfg, Counter(), watch)
}

// ServeSet returns the boot function of a server of a Set.
func ServeSet(cfg Config, watch *Monitor) network.Boot {
	return Server[crdt.AddWinsSet[string]](cfg, Set(), watch)
}

// ServeMap returns the boot function of a server of a Map.
func ServeMap(cfg Config, watch *Monitor) network.Boot {
	if cfg.Bug == TieByArrival {
		return Server[seconds](cfg, tieByArrival(), watch)
	}
	return Server[crdt.LWWMap[string, int64]](cfg, Map(), watch)
}

// ServeHeroes returns the boot function of a server of Heroes, which must be Durable.
func ServeHeroes(cfg Config, watch *Monitor) network.Boot {
	switch cfg.Bug {
	case HealthLastWrite:
		return Server[lastHealth](cfg, healthLastWrite(), watch)
	case AbsentIsUnknown:
		return Server[living](cfg, absentIsUnknown(), watch)
	}
	return Server[HeroMap](cfg, Heroes(), watch)
}
