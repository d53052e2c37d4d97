// Package chaos holds faults as data: what happens to which hosts, when, and for
// how long. A list of faults is part of a scenario document, of a failure file
// and of what a search varies; Apply puts it into force in a world.
//
// Times are virtual, from the beginning of the world. Hosts are named, so that a
// list stays true when the numbering of hosts changes.
package chaos
