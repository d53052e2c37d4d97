package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// TestCodeInTheGuideIsCodeThatRuns holds every Go block of the guide and the
// README to the tests in this folder: each stands there, to the letter.
func TestCodeInTheGuideIsCodeThatRuns(t *testing.T) {
	pages, err := filepath.Glob("[0-9]*.md")
	require.NoError(t, err)
	sources, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	var code strings.Builder
	for _, file := range sources {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		code.WriteString(unindented(string(text)))
	}
	blocks := 0
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, block := range goBlocks(string(text)) {
			blocks++
			require.Contains(t, code.String(), unindented(block), "%s shows code that no test runs", page)
		}
	}
	require.Greater(t, blocks, 5, "the guide shows code")
}

// unindented removes the indentation of every line.
func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(line, "\t")
	}
	return strings.Join(lines, "\n")
}

// answer is a node that agrees with every request.
type answer struct{ ep *network.Endpoint }

func (a answer) Receive(from network.ID, msg any) {
	if r, ok := msg.(network.Request); ok {
		a.ep.Reply(from, r, "yes")
	}
}

func TestProcessesOfTheGuideCallAndTimeOut(t *testing.T) {
	for _, up := range []bool{true, false} {
		w := sim.New(sim.Config{})
		defer w.Close()
		net := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
		var notes []string
		w.Observe(func(e *sim.Event) {
			if e.Kind == sim.Note {
				notes = append(notes, e.Name)
			}
		})
		server := net.Add("server", func(ep *network.Endpoint) network.Handler { return answer{ep} })
		net.Add("client", func(ep *network.Endpoint) network.Handler {
			ep.Go("elector", func(p *network.Proc) {
				p.Sleep(100 * time.Millisecond)
				reply, err := p.Call(server, "vote for me", 50*time.Millisecond)
				if err != nil {
					ep.Note("nobody answered: %v", err)
					return
				}
				ep.Note("%v", reply)
			})
			return nil
		})
		if !up {
			w.At(0, w.Host(server).Crash)
		}
		require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
		want := "yes"
		if !up {
			want = "nobody answered: " + sim.ErrTimeout.Error()
		}
		require.Equal(t, []string{want}, notes)
	}
}

func TestPartitionOfTheGuideCutsAndHeals(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	net := network.New(w, network.Config{})
	var arrived []sim.Time
	for _, name := range []string{"a", "b", "c"} {
		net.Add(name, func(ep *network.Endpoint) network.Handler {
			if name == "a" { // sends to b twice a second
				for i := range sim.Duration(4) {
					ep.After(i*500*time.Millisecond, func() { ep.Send(1, "hello") })
				}
			}
			return handler(func(network.ID, any) { arrived = append(arrived, w.Now()) })
		})
	}
	w.At(sim.Time(300*time.Millisecond), func() {
		p := net.Partition("p", network.Complete([]network.ID{0}, []network.ID{1, 2}))
		w.At(w.Now().Add(time.Second), p.Heal)
	})
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Equal(t, []sim.Time{0, sim.Time(1500 * time.Millisecond)}, arrived, "those of 0.5 s and 1 s are cut")
}

type handler func(network.ID, any)

func (h handler) Receive(from network.ID, msg any) { h(from, msg) }

// between returns the text from after the first mark up to the second.
func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, text, ok := strings.Cut(text, from)
	require.True(t, ok, "no %q", from)
	text, _, ok = strings.Cut(text, to)
	require.True(t, ok, "no %q", to)
	return text
}
