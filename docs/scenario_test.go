package docs_test

import (
	"os"
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
	return s
}

func run() int {
	return cli.Main(append(scenario.Registers(), mine())...)
}

func TestScenarioOfTheGuideCanBeRegistered(t *testing.T) {
	args, out := os.Args, os.Stdout
	defer func() { os.Args, os.Stdout = args, out }()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	os.Args, os.Stdout = []string{"simulate", "list"}, null
	require.Zero(t, run())
	require.NotEqual(t, properties.Fail, mine().Run(scenario.Options{Seed: 1}).Verdict)
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
