package explore

// prefetch has the processor fetch what p points to, for writing, without waiting for it: a
// read would be waited for, and other workers would have to be asked once more before a write.
//
//go:noescape
func prefetch(p *uint64)
