package browse

import (
	"errors"
	"testing"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// markup is what nodes keep and send in the tests: it is to be seen, never to be obeyed.
const markup = `<img src=x onerror="document.title='hacked'"></script><b>&amp;`

// writer sends a letter to the reader each time its timer fires, three in all.
type writer struct {
	ep   *network.Endpoint
	tick *sim.Timer
	Sent int
	Note string
}

// letter is a message.
type letter struct {
	Number int
	Text   string
}

// reader remembers letters, and breaks when it has two.
type reader struct {
	Got  map[string]letter
	Last int
}

func (w *writer) write() {
	w.Sent++
	w.ep.Note("%s", markup)
	w.ep.Send(1, letter{w.Sent, markup})
	if w.Sent < 3 {
		w.tick.Reset(1)
	}
}

func (w *writer) Receive(network.ID, any) {}

func (r *reader) Receive(_ network.ID, msg any) {
	m := msg.(letter)
	if r.Got == nil {
		r.Got = map[string]letter{}
	}
	r.Got[markup], r.Last = m, m.Number
}

// heard is an observer of notes.
type heard struct{ Last string }

func (h *heard) Observe(e *explore.Told) { h.Last = e.Name }

// letters is the model of a writer and a reader whose names and messages look like markup.
func letters() explore.Model {
	return explore.Model{
		Name: "letters " + markup,
		Nodes: []explore.Node{{Name: "writer", Boot: func(ep *network.Endpoint) network.Handler {
			w := &writer{ep: ep, Note: markup}
			w.tick = ep.Timer("tick", w.write)
			w.tick.Reset(1)
			return w
		}}, {Name: "reader <b>", Boot: func(*network.Endpoint) network.Handler { return &reader{} }}},
		Observe: func() explore.Observer { return &heard{} },
		Faults:  explore.Budget{Crashes: 1, Drops: 1, Crashable: []network.ID{1}},
		Properties: []explore.Property{explore.Always("not two "+markup, func(s *explore.State) error {
			if r, ok := s.Node(1).(*reader); ok && r.Last == 2 {
				return errors.New("it has two " + markup)
			}
			return nil
		})},
	}
}

// serverOf returns a server of the letters.
func serverOf(t *testing.T, cfg Config) *Server {
	t.Helper()
	if cfg.Model.Nodes == nil {
		cfg.Model = letters()
	}
	s, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}
