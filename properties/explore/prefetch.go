//go:build !amd64

package explore

import "sync/atomic"

// prefetch has the processor fetch what p points to. It reads it: reads of several places do
// not depend on each other, so that the processor waits for them at once.
func prefetch(p *uint64) { atomic.LoadUint64(p) }
