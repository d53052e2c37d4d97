package sim

// Waiting returns how many tasks wait for h to be free, the one that a slow host is
// processing included; 0 for a host that is down.
func (h *Host) Waiting() int { return h.inbox.Len() }
