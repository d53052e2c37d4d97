package chaos_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"phoenix/resilience/chaos"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPlansMergeInOrderOfTimeAndOfThePlans(t *testing.T) {
	first := parse(t, "at 2s crash a\nat 1s crash b\nat 1s crash c")
	second := parse(t, "at 1s pause a\nat 0s pause b")
	require.Equal(t, parse(t, "at 0s pause b\nat 1s crash b\nat 1s crash c\nat 1s pause a\nat 2s crash a"),
		chaos.Merge(first, second))
	require.Equal(t, "a", first[0].On.Of[0], "what was merged is as it was")
	require.Empty(t, chaos.Merge())
}

func TestAPlanIsOverWhenItsLastFaultIs(t *testing.T) {
	require.Equal(t, time.Duration(0), chaos.Plan{}.Over())
	require.Equal(t, 5*time.Second, parse(t, "at 1s for 4s crash a\nat 3s for 1s pause b\nat 2s crash c").Over())
}

func TestWithoutAFaultItsEndGoesToo(t *testing.T) {
	p := parse(t, "at 0s pause a as x\nat 1s pause b as y\nat 2s end x\nat 3s end y")
	require.Equal(t, parse(t, "at 1s pause b as y\nat 3s end y"), p.Without(0))
	require.Equal(t, parse(t, "at 0s pause a as x\nat 1s pause b as y\nat 3s end y"), p.Without(2))
	require.Len(t, p, 4)
}

func TestWithoutAHostWhatStruckItIsGone(t *testing.T) {
	for before, after := range map[string]string{
		"at 0s crash a":                                "",
		"at 0s crash a b":                              "at 0s crash b",
		"at 0s crash 2 of a b c":                       "at 0s crash 2 of b c",
		"at 0s crash servers":                          "at 0s crash servers",
		"at 0s loss 5% from a to b":                    "",
		"at 0s loss 5% from b to a c":                  "at 0s loss 5% from b to c",
		"at 0s loss 5% everywhere":                     "at 0s loss 5% everywhere",
		"at 0s byzantine b lie 5% to a":                "",
		"at 0s byzantine b lie 5%":                     "at 0s byzantine b lie 5%",
		"lose message 1 from a to b":                   "",
		"at 0s partition complete a | b":               "",
		"at 0s partition partial a | b | c":            "at 0s partition partial b | c",
		"at 0s partition one-way a b | c":              "at 0s partition one-way b | c",
		"at 0s partition one-way b | a":                "",
		"at 0s partition bridge a | b | c":             "",
		"at 0s partition bridge b | a | c":             "at 0s partition partial b | c",
		"at 0s partition ring a b c d":                 "",
		"at 0s partition ring a b c d e":               "at 0s partition ring b c d e",
		"at 0s partition ring servers":                 "at 0s partition ring servers",
		"at 0s pause a as x\nat 1s end x\nat 2s end x": "",
	} {
		require.Equal(t, after, strings.TrimSpace(withoutHost(parse(t, before), "a").String()), before)
	}
}

func TestHostsGetOtherNames(t *testing.T) {
	p := parse(t, "crash s1\nloss 5% from s3 to s1 s2\npartition complete s2 | s3 everyone\nlose message 1 from s3 to c1")
	smaller := p.Rename(func(name string) string {
		return map[string]string{"s3": "s1", "s2": "s2", "c1": "c1", "everyone": "everyone"}[name]
	})
	require.Equal(t, parse(t,
		"loss 5% from s1 to s2\npartition complete s2 | s1 everyone\nlose message 1 from s1 to c1"), smaller)
	require.Equal(t, []string{"s1", "s3", "s2", "everyone", "c1"}, p.Mentions())
	require.Equal(t, "crash s1", strings.TrimPrefix(p[0].String(), "at 0s "), "the plan is as it was")
}

func TestEditsOfAValidPlanAreValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := randomPlan(t)
		text := p.String()
		for i := range p {
			require.NoError(t, p.Without(i).Validate(crew, others))
			require.Less(t, len(p.Without(i)), len(p))
		}
		for _, name := range p.Mentions() {
			fewer := withoutHost(p, name)
			require.NoError(t, fewer.Validate(crew, others), "without %q", name)
			require.False(t, slices.Contains(fewer.Mentions(), name))
		}
		require.Equal(t, text, p.Rename(func(n string) string { return n }).String())
		require.Equal(t, text, p.String(), "the plan is as it was")
	})
}

// withoutHost returns a plan as it is when a name is no more.
func withoutHost(p chaos.Plan, name string) chaos.Plan {
	return p.Rename(func(n string) string {
		if n == name {
			return ""
		}
		return n
	})
}
