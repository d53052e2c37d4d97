// Package scenario runs named experiments: a cluster of servers, clients that
// issue operations, noise and faults from a seed, and the verdict on what the
// clients saw. A scenario is a Go value with defaults; a document in YAML sets
// its parameters; a run is a pure function of scenario, configuration and seed.
package scenario
