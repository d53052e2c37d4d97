// Package browse serves a page on which a person walks through the states of a model of
// phoenix/properties/explore: the path as a sequence diagram, the state with what the last
// step changed in it, the steps that can be next, and a search for violations in the
// background whose counterexamples can be walked along.
//
// The address of a state is the path of fingerprints that leads to it, so that bookmarks
// hold as long as the model and its code do. The page needs nothing but this server, and
// the server answers this machine only: it listens on loopback addresses, and refuses
// requests that name another host or come from another site.
package browse
