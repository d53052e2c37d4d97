package chaos

import (
	"cmp"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// draws draw a fault of each class, the j-th of it, with what must go with it. The
// sizes are chosen to be felt by operations that take some ten milliseconds on links
// of a few, and survived.
var draws = map[Class]func(s *storm, k sim.Key, j int, w window) Plan{
	Crashes:    (*storm).crash,
	Pauses:     (*storm).pause,
	Clocks:     (*storm).clock,
	Disks:      (*storm).disk,
	Noise:      (*storm).noise,
	Partitions: (*storm).partition,
	Resources:  (*storm).exhaust,
	Treason:    (*storm).betray,
}

// number draws a number from lo to hi.
func number(k sim.Key, lo, hi int) int { return lo + k.Below(hi-lo+1) }

// percent draws a probability from lo to hi percent, in steps of 5.
func percent(k sim.Key, lo, hi int) sim.Prob {
	return (sim.Prob(lo+5*k.Below((hi-lo)/5+1))*sim.Certain + 50) / 100
}

// millis draws whole milliseconds.
func millis(k sim.Key, lo, hi int) time.Duration {
	return time.Duration(number(k, lo, hi)) * time.Millisecond
}

func (s *storm) has(class Class) bool { return slices.Contains(s.classes, class) }

func (s *storm) crash(k sim.Key, _ int, w window) Plan {
	f := Fault{Kind: Crash, On: s.victim(k, s.crashing, w)}
	if s.has(Disks) && k.Sub("keep").Below(2) == 0 {
		f.Mode = one(k.Sub("keeping"), []string{KeepAll, KeepNothing})
	}
	return Plan{w.has(f)}
}

func (s *storm) pause(k sim.Key, _ int, w window) Plan {
	on := s.victim(k, s.pausing, w)
	if k.Sub("slow").Below(3) == 0 {
		return Plan{w.has(Fault{Kind: Slow, On: on, By: millis(k.Sub("by"), 5, 25)})}
	}
	return Plan{w.has(Fault{Kind: Pause, On: on})}
}

// clock has each clock drift once at most: two drifts could add up to more than the
// cluster bears.
func (s *storm) clock(k sim.Key, j int, w window) Plan {
	servers := s.servers()
	on := Hosts(servers[j%len(servers)])
	most := int(min(cmp.Or(s.c.Drift, DefaultDrift), 999_999_999))
	sign := 1 - 2*k.Sub("sign").Below(2)
	kind := k.Sub("kind").Below(4)
	if j < len(servers) && kind < 2 {
		ppb := sign * number(k.Sub("drift"), (most+1)/2, most)
		return Plan{w.has(Fault{Kind: Clock, Mode: "drift", On: on, N: int64(ppb)})}
	}
	unit := [...]time.Duration{1, 10, 100}[k.Sub("unit").Below(3)]
	by := time.Duration(sign) * unit * millis(k.Sub("by"), 10, 50)
	if kind == 2 {
		return Plan{w.has(Fault{Kind: Clock, Mode: "offset", On: on, By: by})}
	}
	return Plan{{At: w.at, Kind: Clock, Mode: "jump", On: on, By: by}}
}

// servers are those that suffer what a crash does not enter into.
func (s *storm) servers() []string {
	if s.only != "" {
		return []string{s.only}
	}
	return slices.Concat(s.crashing, without(s.pausing, s.crashing))
}

// diskModes are the modes of disk faults to draw from: what only a crash brings to
// light needs servers that crash.
func (s *storm) diskModes() []string {
	modes := s.c.Disk
	if len(modes) == 0 {
		modes = []string{"slow", "stall", "torn"}
	}
	return slices.DeleteFunc(slices.Clone(modes), func(m string) bool { return inCrash(m) && !s.crashes() })
}

// crashes reports whether crashes may be drawn.
func (s *storm) crashes() bool { return s.has(Crashes) && len(s.crashing) > 0 }

// inCrash reports whether a disk fault strikes in a crash, or at the boot after it.
func inCrash(mode string) bool {
	return mode == "torn" || mode == "lost-rename" || mode == "read-error"
}

func (s *storm) disk(k sim.Key, _ int, w window) Plan {
	f := Fault{Kind: Disk, Mode: one(k.Sub("mode"), s.diskModes())}
	victims := s.servers()
	switch f.Mode {
	case "slow":
		f.By = millis(k.Sub("by"), 5, 40)
	case "full", "stall":
	case "rot":
		f.Prob = percent(k.Sub("prob"), 5, 20)
	case "torn", "lost-rename", "read-error":
		victims = s.crashing
		f.Prob = percent(k.Sub("prob"), 50, 100)
	default:
		f.Prob = percent(k.Sub("prob"), 10, 50)
	}
	f.On = s.victim(k, victims, w)
	plan := Plan{w.has(f)}
	if f.Mode == "torn" && slices.Contains(s.diskModes(), "stall") { // so that there is something not yet synced
		plan = append(plan, w.has(Fault{Kind: Disk, Mode: "stall", On: f.On}))
	}
	if inCrash(f.Mode) {
		crash := Fault{Kind: Crash, On: f.On}
		if f.Mode == "torn" { // what is lost anyway cannot be torn
			crash.Mode = KeepAll
		}
		plan = append(plan, w.inner().has(crash))
	}
	return plan
}

// exhaust has a server run out of something. A small inbox is felt by who is slow.
func (s *storm) exhaust(k sim.Key, _ int, w window) Plan {
	var modes []string
	if slices.Contains(s.c.Disk, "full") {
		modes = append(modes, "disk")
	}
	if s.has(Pauses) {
		modes = append(modes, "inbox")
	}
	f := Fault{Kind: Exhaust, Mode: one(k.Sub("mode"), append(modes, "bandwidth"))}
	victims := s.servers()
	switch f.Mode {
	case "disk":
		f.N = int64(number(k.Sub("bytes"), 0, 8) * 512)
	case "bandwidth":
		f.N = int64(number(k.Sub("bytes"), 5, 30) * 100)
	case "inbox":
		victims = s.pausing
		f.N = int64(number(k.Sub("tasks"), 1, 2))
	}
	f.On = s.victim(k, victims, w)
	plan := Plan{w.has(f)}
	if f.Mode == "inbox" {
		plan = append(plan, w.has(Fault{Kind: Slow, On: f.On, By: millis(k.Sub("by"), 25, 60)}))
	}
	return plan
}

func (s *storm) betray(k sim.Key, _ int, w window) Plan {
	return Plan{w.has(Fault{
		Kind: Byzantine, Mode: one(k.Sub("mode"), forms[Byzantine].modes),
		On: s.victim(k, s.traitors, w), Prob: percent(k.Sub("prob"), 20, 100),
	})}
}

// noise disturbs the links of a server, those between two parts of the hosts, or all.
func (s *storm) noise(k sim.Key, _ int, w window) Plan {
	f := w.has(s.noiseKind(k))
	where := k.Sub("where").Below(6)
	switch {
	case f.Kind == Swizzle:
		return s.swizzle(k, 0, w)
	case s.only == "" && where < 2 && f.Kind != Clog: // a clog of all would hide the rest
		f.Mode = Everywhere
		return Plan{f}
	}
	victim := s.victim(k, s.servers(), w)
	others := Hosts(without(slices.Concat(s.c.Servers, s.c.Clients), victim.Of)...)
	switch where {
	case 4:
		f.Mode, f.On, f.To = From, victim, others
	case 5:
		f.Mode, f.On, f.To = From, others, victim
	default:
		f.Mode, f.On = Of, victim
	}
	return Plan{f}
}

// noiseKind draws what messages suffer.
func (s *storm) noiseKind(k sim.Key) Fault {
	by := k.Sub("by")
	some := func(lo, hi int) network.Delay {
		return network.Uniform(millis(by.Sub("lo"), lo, hi), millis(by.Sub("hi"), 2*hi, 4*hi))
	}
	kinds := []Kind{Loss, Slowness, Duplicate, Reorder, Corrupt, Clog, Swizzle}
	if s.only != "" || len(s.c.Servers) < 2 {
		kinds = kinds[:len(kinds)-1]
	}
	f := Fault{Kind: one(k.Sub("kind"), kinds)}
	switch f.Kind {
	case Loss:
		f.Prob = percent(k.Sub("prob"), 10, 35)
	case Slowness:
		f.Delay = some(1, 20)
	case Reorder:
		f.Prob, f.Delay = percent(k.Sub("prob"), 20, 60), some(10, 20)
	case Duplicate:
		f.Prob = percent(k.Sub("prob"), 20, 60)
	case Corrupt:
		f.Prob = percent(k.Sub("prob"), 20, 40)
	}
	return f
}
