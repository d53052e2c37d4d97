package register

import (
	"phoenix/network"
	"phoenix/nodes"
)

// SingleCopy returns the boot function of servers that each hold a copy of their
// own and tell nobody.
//
// With one server that does not crash it is linearizable. With more it is wrong,
// on purpose: what is written through one server is not read through another.
// After a crash a server starts empty. Of cfg it uses Servers only.
func SingleCopy(cfg Config) network.Boot {
	cfg = cfg.check()
	return func(ep *network.Endpoint) network.Handler {
		cfg.index(ep)
		return &single{newDesk(ep), values{}}
	}
}

type single struct {
	desk desk
	data values
}

// Receive answers requests and ignores all else.
func (s *single) Receive(from network.ID, msg any) {
	if r, ok := msg.(nodes.Request); ok && s.desk.admit(from, r.ID) {
		s.desk.answer(from, s.data.apply(r))
	}
}
