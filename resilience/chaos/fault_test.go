package chaos_test

import (
	"testing"
	"time"

	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const ms = time.Millisecond

func TestAFaultIsALine(t *testing.T) {
	for want, f := range map[string]chaos.Fault{
		"at 1s crash s1 for 500ms":             {At: time.Second, For: 500 * ms, Crash: []string{"s1"}},
		"at 0s restart s1 s2":                  {Restart: []string{"s1", "s2"}},
		"at 5ms pause s3 for 1ms":              {At: 5 * ms, For: ms, Pause: []string{"s3"}},
		"at 6ms resume s3":                     {At: 6 * ms, Resume: []string{"s3"}},
		"at 7ms heal cut":                      {At: 7 * ms, Heal: "cut"},
		"at 1s partition complete a | b c":     {At: time.Second, Partition: &chaos.Partition{Groups: [][]string{{"a"}, {"b", "c"}}}},
		"at 0s partition n1 ring a b c d":      {Partition: &chaos.Partition{Name: "n1", Kind: chaos.Ring, Groups: [][]string{{"a", "b", "c", "d"}}}},
		"at 0s partition one-way a | b for 2s": {For: 2 * time.Second, Partition: &chaos.Partition{Kind: chaos.OneWay, Groups: [][]string{{"a"}, {"b"}}}},
		"at 0s (says nothing to do, expected one of crash, restart, pause, resume, partition, heal)": {},
		"at 0s (says crash and pause, expected only one of them)":                                    {Crash: []string{"a"}, Pause: []string{"a"}},
	} {
		require.Equal(t, want, f.String())
	}
}

// hosts are who the faults of these tests may hit.
var hosts = []string{"a", "b", "c", "d"}

// fault draws one that Validate mostly accepts.
var fault = rapid.Custom(func(t *rapid.T) chaos.Fault {
	names := rapid.SliceOfNDistinct(rapid.SampledFrom(hosts), 1, 3, rapid.ID)
	f := chaos.Fault{At: time.Duration(rapid.Int64Range(0, 50).Draw(t, "at")) * ms}
	lasts := rapid.SampledFrom([]time.Duration{0, 5 * ms, 1<<63 - 1})
	switch rapid.IntRange(0, 6).Draw(t, "what") {
	case 0:
		f.Crash, f.For = names.Draw(t, "crash"), lasts.Draw(t, "for")
	case 1:
		f.Restart = names.Draw(t, "restart")
	case 2:
		f.Pause, f.For = names.Draw(t, "pause"), lasts.Draw(t, "for")
	case 3:
		f.Resume = names.Draw(t, "resume")
	case 4:
		f.Heal = rapid.SampledFrom([]string{"p", "p1", "p2"}).Draw(t, "heal")
	default:
		f.For = lasts.Draw(t, "for")
		f.Partition = &chaos.Partition{
			Name:   rapid.SampledFrom([]string{"", "", "p", "q"}).Draw(t, "name"),
			Kind:   rapid.SampledFrom(append(chaos.Kinds(), "")).Draw(t, "kind"),
			Groups: groups.Draw(t, "groups"),
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "wrong") == 0 {
		f.For, f.Crash = -f.For, []string{"nobody"}
	}
	return f
})

// groups deals some of the hosts to some groups.
var groups = rapid.Custom(func(t *rapid.T) [][]string {
	all := make([][]string, rapid.IntRange(1, 3).Draw(t, "groups"))
	for j, h := range hosts {
		if i := rapid.IntRange(min(0, j-len(all)), len(all)-1).Draw(t, h); i >= 0 {
			all[i] = append(all[i], h)
		}
	}
	return all
})

func TestFaultsAreReadBackFromYAML(t *testing.T) {
	valid := 0
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(fault, 0, 3).Draw(t, "faults")
		if chaos.Validate(want, hosts) != nil {
			return
		}
		valid++
		text, err := scenario.Encode(map[string]any{"faults": want})
		require.NoError(t, err)
		var got struct {
			Faults []chaos.Fault `json:"faults"`
		}
		require.NoError(t, scenario.Decode("faults.yaml", text, &got), "%s", text)
		require.Len(t, got.Faults, len(want))
		for i := range want {
			require.Equal(t, want[i], got.Faults[i], "%s", text)
		}
	})
	require.Positive(t, valid)
}
