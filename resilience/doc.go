// Package resilience holds the patterns that keep a service alive when what it depends on fails:
// circuit breakers, pools, bulkheads, limiters, boundaries around components, fallbacks, degradation
// by levels, and the model of failures that decides what to do about one.
//
// # One code, in production and in a world
//
// Each type takes a Clock, which has one method, and where it draws at random a *rand.Rand. In
// production the clock is System and the types are safe for use by many goroutines. Inside a world the
// clock is that of the node, a *network.Endpoint, and the context is that of the process, see
// InProcess: whoever waits does so in virtual time, and the seed decides all. Nothing else differs.
//
// # Policies
//
// What protects an operation is a Policy: Do runs the operation or returns a *Rejection that
// says who refused it and why. Compose nests policies, the first outermost; Get runs an operation
// that has a result.
package resilience
