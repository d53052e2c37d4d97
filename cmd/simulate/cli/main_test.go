package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/properties/scenario"
)

// The commands that scripts and tests run in a process of their own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"simulate": func() { os.Exit(Main(scenario.All()...)) },
		"hanging":  func() { os.Exit(Main(hanging())) },
		"mine": func() {
			all := scenarios(planted("test/planted"), moody(), crashing(), panicking())
			os.Exit(Command{Scenarios: all, Models: append(Models()[:1], tallying())}.Main())
		},
	})
}

func scenarios(all ...*scenario.Scenario) []*scenario.Scenario { return all }

// planted is a scenario in which every seed fails soon.
func planted(name string) *scenario.Scenario {
	s := *scenario.SingleCopy()
	s.Name, s.Test = name, ""
	return &s
}

// hanging never ends: no interrupt can wait for it. It says when it has begun.
func hanging() *scenario.Scenario {
	s := planted("test/hanging")
	s.Server = func(*scenario.Config, []network.ID) network.Boot {
		fmt.Fprintln(os.Stderr, "hanging")
		time.Sleep(time.Hour)
		return nil
	}
	return s
}

// moods is what no node may use: it differs from run to run, and from process to
// process.
var moods atomic.Int64

func init() { moods.Store(time.Now().UnixNano()) }

// moody does not behave the same under the same seed.
func moody() *scenario.Scenario {
	s := planted("test/moody")
	boot := s.Server
	s.Server = func(cfg *scenario.Config, ids []network.ID) network.Boot {
		start := boot(cfg, ids)
		return func(ep *network.Endpoint) network.Handler {
			ep.Note("mood %d", moods.Add(1))
			return start(ep)
		}
	}
	return s
}

// crashing has a server that panics: a finding.
func crashing() *scenario.Scenario {
	s := planted("test/crashing")
	s.Server = func(*scenario.Config, []network.ID) network.Boot {
		return func(*network.Endpoint) network.Handler { panic("the node's own bug") }
	}
	return s
}

// panicking is itself broken: an internal error.
func panicking() *scenario.Scenario {
	s := planted("test/panicking")
	s.Server = func(*scenario.Config, []network.ID) network.Boot { panic("the scenario's own bug") }
	return s
}

// call runs a command line in this process.
func call(t *testing.T, ctx context.Context, all []*scenario.Scenario, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = newApp(strings.NewReader(""), &out, &err, all).execute(ctx, args)
	return code, out.String(), err.String()
}

func TestEveryCommandExplainsItselfWithAnExample(t *testing.T) {
	root := newApp(nil, closed{}, closed{}, nil).root()
	require.Len(t, root.Commands(), 10)
	for _, cmd := range root.Commands() {
		require.NotEmpty(t, cmd.Short, cmd.Name())
		require.NotEmpty(t, cmd.Long, cmd.Name())
		require.Contains(t, cmd.Example, "  simulate "+cmd.Name(), cmd.Name())
	}
}
