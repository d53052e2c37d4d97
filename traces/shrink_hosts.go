package traces

import (
	"fmt"
	"slices"
	"strings"

	"phoenix/properties/scenario"
)

// dropHosts takes clients and servers away. Hosts are called by their numbers, so those
// behind one that goes are called otherwise then, and the plan follows.
func (sh *shrinker) dropHosts() {
	for again := true; again && !sh.over(); {
		again = sh.first(sh.best.withoutClients()) >= 0
	}
	for again := true; again && !sh.over(); {
		again = sh.first(sh.best.withoutServers()) >= 0
	}
}

// withoutClients returns drafts that lack a client, or in which another does what it
// did. A client turns to the server of its number first: where numbers change, servers
// may have to change places.
func (t *trial) withoutClients() []*draft {
	var all []*draft
	n := t.draft.cfg.Clients
	for c := n - 1; c >= 0; c-- {
		for _, homes := range []int{t.draft.cfg.Servers, c, 0} {
			if d := t.draft.clone(); d.dropClient(c, homes) {
				all = append(all, d)
			}
		}
		for other := range n {
			if other == c || len(t.draft.scripts[c]) == 0 {
				continue
			}
			d := t.draft.clone()
			d.moveTail(t, place{c, 0}, other)
			if d.dropClient(c, d.cfg.Servers) {
				all = append(all, d)
			}
		}
	}
	return all
}

// dropClient removes a client. The servers from one on move up by a place, as the clients
// behind it do, and that one goes to the end.
func (d *draft) dropClient(client, from int) bool {
	names := map[string]string{}
	removeName(names, "c", client, d.cfg.Clients)
	n := d.cfg.Servers
	for i := from + 1; i < n; i++ {
		names[hostName("s", i)] = hostName("s", i-1)
	}
	if from < n {
		names[hostName("s", from)] = hostName("s", n-1)
	}
	d.scripts = slices.Delete(d.scripts, client, client+1)
	d.cfg.Clients--
	return d.renameHosts(names)
}

// withoutServers returns drafts that lack a server or two: majorities change with every
// second one.
func (t *trial) withoutServers() []*draft {
	var all []*draft
	n := t.draft.cfg.Servers
	add := func(gone ...int) {
		d := t.draft.clone()
		for _, s := range gone { // the last comes first
			names := map[string]string{}
			removeName(names, "s", s, d.cfg.Servers)
			d.cfg.Servers--
			if d.cfg.Servers < 1 || !d.renameHosts(names) {
				return
			}
		}
		all = append(all, d)
	}
	const most = 7 // with which pairs are tried
	for a := n - 1; a >= 0 && n <= most; a-- {
		for b := a - 1; b >= 0; b-- {
			add(a, b)
		}
	}
	for a := n - 1; a >= 0; a-- {
		add(a)
	}
	return all
}

// removeName maps the names of n hosts to those that they have without one of them.
func removeName(names map[string]string, prefix string, gone, n int) {
	for i := range n {
		switch {
		case i == gone:
			names[hostName(prefix, i)] = ""
		case i > gone:
			names[hostName(prefix, i)] = hostName(prefix, i-1)
		}
	}
}

func hostName(prefix string, i int) string { return fmt.Sprintf("%s%d", prefix, i+1) }

// renameHosts gives hosts other names wherever they are named; what maps to "" goes. It
// reports false if a host is called by its number, which would be another's then.
func (d *draft) renameHosts(names map[string]string) bool {
	for _, name := range d.cfg.Faults.Mentions() {
		if strings.HasPrefix(name, "#") {
			return false
		}
	}
	d.cfg.Faults = d.cfg.Faults.Rename(func(name string) string {
		if to, ok := names[name]; ok {
			return to
		}
		return name
	})
	if r := d.cfg.Regions; r != nil {
		d.cfg.Regions = &scenario.Regions{Hosts: renamedPlaces(r.Hosts, names), Latency: r.Latency}
	}
	if d.cfg.Racks != nil {
		d.cfg.Racks = renamedPlaces(d.cfg.Racks, names)
	}
	return true
}

// renamedPlaces is renameHosts for the hosts of each region or rack.
func renamedPlaces(places map[string][]string, names map[string]string) map[string][]string {
	c := map[string][]string{}
	for place, hosts := range places { // order: each goes to a place of its own
		c[place] = nil
		for _, h := range hosts {
			to, mapped := names[h]
			if !mapped {
				to = h
			}
			if to != "" {
				c[place] = append(c[place], to)
			}
		}
	}
	return c
}
