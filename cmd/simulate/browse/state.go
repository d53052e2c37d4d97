package browse

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"phoenix/network"
	"phoenix/properties/explore"
)

// maxPath bounds the states on a path that a request may ask for.
const maxPath = 5000

// parsePath reads fingerprints in hexadecimal with slashes between them, as they stand
// behind the # of an address; a slash at the begin or end does not count.
func parsePath(text string) ([]uint64, error) {
	text = strings.Trim(text, "/")
	if text == "" {
		return nil, nil
	}
	parts := strings.Split(text, "/")
	if len(parts) > maxPath {
		return nil, fmt.Errorf("a path of %d states, expected at most %d", len(parts), maxPath)
	}
	path := make([]uint64, len(parts))
	for i, part := range parts {
		fp, err := strconv.ParseUint(part, 16, 64)
		if err != nil || len(part) > 16 {
			return nil, fmt.Errorf("place %d of the path: %.40q, expected a fingerprint of 1 to 16 hexadecimal digits",
				i+1, part)
		}
		path[i] = fp
	}
	return path, nil
}

// formatPath is the inverse of parsePath.
func formatPath(path []uint64) string {
	parts := make([]string, len(path))
	for i, fp := range path {
		parts[i] = fmt.Sprintf("%016x", fp)
	}
	return strings.Join(parts, "/")
}

// modelReply is what the page has to know of the model.
type modelReply struct {
	Name      string   `json:"name"`
	About     string   `json:"about"`
	Nodes     []string `json:"nodes"`
	MaxStates uint64   `json:"maxStates"` // of the search, 0 for no bound
}

func (s *Server) serveModel(rw http.ResponseWriter, _ *http.Request) {
	m := modelReply{Name: s.cfg.Model.Name, About: s.cfg.About, MaxStates: s.cfg.Search.MaxStates}
	for _, n := range s.cfg.Model.Nodes {
		m.Nodes = append(m.Nodes, n.Name)
	}
	reply(rw, http.StatusOK, m)
}

// stop is a state on the path or next. Nodes are numbers, -1 stands for the network.
type stop struct {
	Fingerprint string   `json:"fingerprint"`
	Kind        string   `json:"kind"`
	Node        int      `json:"node"`
	From        int      `json:"from"` // who sent the message
	Line        string   `json:"line"`
	About       string   `json:"about,omitempty"`
	Note        string   `json:"note,omitempty"` // how choices in it are decided
	Others      []string `json:"others,omitempty"`
	Down        []int    `json:"down,omitempty"` // of a state on the path
}

// flight and telling are those of explore.Course.
type (
	flight struct {
		From int    `json:"from"`
		To   int    `json:"to"`
		Text string `json:"text"`
		Sent int    `json:"sent"`
		Done int    `json:"done"`
		Lost bool   `json:"lost"`
	}
	telling struct {
		Node int    `json:"node"`
		Step int    `json:"step"`
		Text string `json:"text"`
	}
)

// stateReply is a state: how to get there, what it is and where to go on to.
type stateReply struct {
	Path     []stop         `json:"path"`
	Flights  []flight       `json:"flights"`
	Tellings []telling      `json:"tellings"`
	Scene    *explore.Scene `json:"scene"` // null for an empty path
	Next     []stop         `json:"next"`
}

func (s *Server) serveState(rw http.ResponseWriter, r *http.Request) {
	path, err := parsePath(r.URL.Query().Get("path"))
	if err != nil {
		refuse(rw, http.StatusBadRequest, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	state, err := s.look(path)
	switch {
	case errors.Is(err, explore.ErrNoState):
		refuse(rw, http.StatusNotFound, err)
	case err != nil:
		refuse(rw, http.StatusUnprocessableEntity, err)
	default:
		reply(rw, http.StatusOK, state)
	}
}

func newReply(path, next []explore.Stop) *stateReply {
	return &stateReply{Path: stops(path), Next: stops(next), Flights: []flight{}, Tellings: []telling{}}
}

// look describes the state at the end of a path.
func (s *Server) look(path []uint64) (*stateReply, error) {
	if len(path) == 0 {
		return newReply(nil, s.walk.Initial()), nil
	}
	p, err := s.walk.Path(path)
	if err != nil {
		return nil, err
	}
	next, err := s.walk.NextOf(p)
	if err != nil {
		return nil, err
	}
	scene, err := p.Scene(p.Len() - 1)
	if err != nil {
		return nil, err
	}
	course, err := p.Course()
	if err != nil {
		return nil, err
	}
	out := newReply(p.Stops(), next)
	out.Scene = scene
	for i := range out.Path {
		out.Path[i].Down = s.down(p.State(i))
	}
	for _, f := range course.Flights {
		lost := f.How == explore.StepDrop
		out.Flights = append(out.Flights, flight{int(f.From), int(f.To), f.Text, f.Sent, f.Done, lost})
	}
	for _, t := range course.Tellings {
		out.Tellings = append(out.Tellings, telling{int(t.Node), t.Step, t.Text})
	}
	return out, nil
}

// down returns the nodes that do not run.
func (s *Server) down(st *explore.State) []int {
	var all []int
	for i := range s.cfg.Model.Nodes {
		if !st.Up(network.ID(i)) {
			all = append(all, i)
		}
	}
	return all
}

func stops(from []explore.Stop) []stop {
	all := make([]stop, len(from))
	for i, st := range from {
		all[i] = stop{Fingerprint: formatPath([]uint64{st.Fingerprint}), Kind: st.Step.Kind.String(),
			Node: int(st.Step.Node), From: int(st.Step.From),
			Line: st.Line, About: st.About, Note: note(st.Step), Others: st.Others}
	}
	return all
}

// note tells how choices in a step are decided, and what a crash in it leaves.
func note(s explore.Step) string {
	var parts []string
	if len(s.Picks) > 0 {
		parts = append(parts, "choosing "+strings.Trim(fmt.Sprint(s.Picks), "[]"))
	}
	if s.Lost > 0 && s.Kind != explore.StepCrash {
		parts = append(parts, "crashes in it")
	}
	if s.Lost > 1 {
		parts = append(parts, fmt.Sprintf("disk in state %d", s.Lost))
	}
	return strings.Join(parts, ", ")
}
