package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"phoenix/cmd/simulate/cli"
	"phoenix/network"
	"phoenix/nodes/register"
	"phoenix/properties"
	"phoenix/properties/scenario"

	"github.com/stretchr/testify/require"
)

// mine is a scenario as a user would add it.
func mine() *scenario.Scenario {
	s := scenario.ABD()
	s.Name = "mine/slow-network"
	s.Doc = "my register, far apart"
	s.Defaults.Links.Delay = network.Uniform(20e6, 80e6)
	s.Server = func(_ *scenario.Config, servers []network.ID) network.Boot {
		return register.ABD(register.Config{Servers: servers})
	}
	s.Measure = func(c *scenario.Cluster) []scenario.Metric {
		crashes := int64(0)
		for _, id := range c.Servers {
			crashes += int64(c.World.Host(id).Epoch())
		}
		return []scenario.Metric{{Name: "servers crashed", Unit: "times", Value: crashes}}
	}
	return s
}

func run() int {
	return cli.Main(append(scenario.All(), mine())...)
}

// printed is what a main prints that is called with arguments.
func printed(t *testing.T, main func() int, args ...string) string {
	t.Helper()
	was, out, err := os.Args, os.Stdout, os.Stderr
	defer func() { os.Args, os.Stdout, os.Stderr = was, out, err }()
	file, failed := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, failed)
	defer file.Close()
	null, failed := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, failed)
	defer null.Close()
	os.Args, os.Stdout, os.Stderr = append([]string{"simulate"}, args...), file, null
	require.LessOrEqual(t, main(), 1, "0 if it passes, 1 if it fails")
	text, failed := os.ReadFile(file.Name())
	require.NoError(t, failed)
	return string(text)
}

func TestScenarioOfTheGuideCanBeRegistered(t *testing.T) {
	require.Contains(t, printed(t, run, "list"), "mine/slow-network")
	r := mine().Run(scenario.Options{Seed: 1})
	require.NotEqual(t, properties.Fail, r.Verdict)
	require.Equal(t, []scenario.Metric{{Name: "servers crashed", Unit: "times", Value: 1}}, r.Metrics)
}

// TestDocumentOfTheGuideRuns takes the YAML block of 04-scenarios.md as a user
// would.
func TestDocumentOfTheGuideRuns(t *testing.T) {
	page, err := os.ReadFile("04-scenarios.md")
	require.NoError(t, err)
	text := between(t, string(page), "```yaml\n", "```")
	s, doc, err := scenario.ParseDocument("guide.yaml", []byte(text), scenario.Registers())
	require.NoError(t, err)
	var campaign scenario.Campaign
	for seed := range uint64(50) {
		campaign.Add(s.Run(scenario.Options{Seed: seed, Config: &doc.Config}))
	}
	require.Equal(t, properties.Pass, campaign.Verdict())
}
