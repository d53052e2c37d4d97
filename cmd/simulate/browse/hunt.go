package browse

import (
	"net/http"
	"sync"
	"sync/atomic"

	"phoenix/properties/explore"
)

// hunt is the search in the background. One runs at a time.
type hunt struct {
	halt     atomic.Bool
	progress atomic.Pointer[explore.Progress]
	over     sync.WaitGroup

	mu      sync.Mutex
	running bool
	closed  bool
	result  *explore.Result // of the last one that ended
	err     error
}

// start begins a search, unless one runs or the server has ended.
func (h *hunt) start(m explore.Model, cfg explore.Config) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running || h.closed {
		return
	}
	h.running, h.result, h.err = true, nil, nil
	h.halt.Store(false)
	h.progress.Store(&explore.Progress{})
	cfg.Progress = func(p explore.Progress) { h.progress.Store(&p) }
	cfg.Stop = h.halt.Load
	h.over.Go(func() {
		res, err := explore.Search(m, cfg)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.running, h.err = false, err
		if err == nil {
			h.result = &res
		}
	})
}

// cancel has the search end with what it found up to then.
func (h *hunt) cancel() { h.halt.Store(true) }

// stop cancels the search for good, and waits for its end.
func (h *hunt) stop() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.cancel()
	h.over.Wait()
}

// searchReply is how far the search is, and what it found.
type searchReply struct {
	Running   bool     `json:"running"`
	Ended     bool     `json:"ended"` // there are results
	Verdict   string   `json:"verdict,omitempty"`
	Limit     string   `json:"limit,omitempty"` // which bound ended it
	Unique    uint64   `json:"unique"`
	Generated uint64   `json:"generated"`
	Depth     int      `json:"depth"`
	Queue     uint64   `json:"queue"`
	Error     string   `json:"error,omitempty"`
	Outcomes  []result `json:"outcomes"`
}

// result is what became of a property.
type result struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Verdict string `json:"verdict"`
	Detail  string `json:"detail,omitempty"`
	Path    string `json:"path,omitempty"` // the address of the state that decided it
	Steps   int    `json:"steps"`
}

func (h *hunt) status() searchReply {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := searchReply{Running: h.running, Outcomes: []result{}}
	if p := h.progress.Load(); p != nil {
		out.Unique, out.Generated, out.Depth, out.Queue = p.Unique, p.Generated, p.Depth, p.Queue
	}
	if h.err != nil {
		out.Error = h.err.Error()
	}
	if h.result == nil {
		return out
	}
	r := h.result
	out.Ended, out.Verdict, out.Limit = true, r.Verdict.String(), r.Limit
	out.Unique, out.Generated, out.Depth, out.Queue = r.Unique, r.Generated, r.Depth, 0
	for _, o := range r.Outcomes {
		res := result{Name: o.Name, Kind: o.Kind.String(), Verdict: o.Verdict.String(), Detail: o.Detail}
		if o.Path != nil {
			res.Path, res.Steps = formatPath(o.Path.Fingerprints()), o.Path.Len()-1
		}
		out.Outcomes = append(out.Outcomes, res)
	}
	return out
}

func (s *Server) serveSearch(rw http.ResponseWriter, _ *http.Request) {
	reply(rw, http.StatusOK, s.hunt.status())
}

func (s *Server) startSearch(rw http.ResponseWriter, _ *http.Request) {
	s.hunt.start(s.cfg.Model, s.cfg.Search)
	reply(rw, http.StatusAccepted, s.hunt.status())
}

func (s *Server) stopSearch(rw http.ResponseWriter, _ *http.Request) {
	s.hunt.cancel()
	reply(rw, http.StatusAccepted, s.hunt.status())
}
