package chaos_test

import (
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const ms = time.Millisecond

func TestAFaultIsALine(t *testing.T) {
	a, bc := chaos.Hosts("a"), chaos.Hosts("b", "c")
	half := sim.ProbOf(0.5)
	for want, f := range map[string]chaos.Fault{
		"at 1s for 500ms crash a":                {At: time.Second, For: 500 * ms, Kind: chaos.Crash, On: a},
		"at 0s crash a keeping nothing as power": {Kind: chaos.Crash, Mode: chaos.KeepNothing, On: a, Name: "power"},
		"at 0s restart 2 of b c wiped":           {Kind: chaos.Restart, Mode: "wiped", On: chaos.Target{Count: 2, Of: bc.Of}},
		"at 6ms resume 50% of servers": {At: 6 * ms, Kind: chaos.Resume, On: chaos.Target{Share: half,
			Of: []string{"servers"}}},
		"at 0s clock a offset -5ms":        {Kind: chaos.Clock, On: a, By: -5 * ms},
		"at 0s clock a drift -20":          {Kind: chaos.Clock, Mode: "drift", On: a, N: -20},
		"at 0s disk a torn 50%":            {Kind: chaos.Disk, On: a, Prob: half},
		"at 0s for 1s disk a stall":        {For: time.Second, Kind: chaos.Disk, Mode: "stall", On: a},
		"at 0s exhaust a inbox 3":          {Kind: chaos.Exhaust, On: a, N: 3},
		"at 0s byzantine a lie 50% to b c": {Kind: chaos.Byzantine, Mode: "lie", On: a, To: bc, Prob: half},
		"at 0s loss 50% everywhere":        {Kind: chaos.Loss, Mode: chaos.Everywhere, Prob: half},
		"at 0s delay uniform(1ms, 5ms) between a and b c": {Kind: chaos.Slowness, Mode: chaos.Between, On: a, To: bc,
			Delay: network.Uniform(ms, 5*ms)},
		"at 0s reorder 50% from a to b c":  {Kind: chaos.Reorder, On: a, To: bc, Prob: half},
		"at 0s partition complete a | b c": {Kind: chaos.Partition, Groups: []chaos.Target{a, bc}},
		`at 0s partition one-way "ring" | role:x`: {Kind: chaos.Partition, Mode: chaos.OneWay,
			Groups: []chaos.Target{chaos.Hosts("ring"), chaos.Hosts("role:x")}},
		"at 0s for 2s partition partial a | b c flapping 100ms": {For: 2 * time.Second, Kind: chaos.Partition,
			Mode: chaos.Partial, Groups: []chaos.Target{a, bc}, Every: 100 * ms},
		"hold message 3 from a to #1 by 5ms": {Kind: chaos.Hold, On: a, To: chaos.Hosts("#1"), N: 3, By: 5 * ms},
		"at 7ms end cut":                     {At: 7 * ms, Kind: chaos.End, Name: "cut"},
	} {
		require.Equal(t, want, f.String())
		got, err := chaos.ParseFault(want)
		require.NoError(t, err)
		require.Equal(t, f, got)
	}
}

func TestEachFormHasAnExampleThatIsRead(t *testing.T) {
	hosts := []string{"s1", "s2", "s3"}
	require.Len(t, chaos.Forms(), len(chaos.Kinds()))
	for i, form := range chaos.Forms() {
		require.Equal(t, chaos.Kinds()[i], form.Kind)
		require.Equal(t, form.Kind.Class(), form.Class)
		require.True(t, strings.HasPrefix(form.Written, string(form.Kind)+" "), form.Written)
		require.NotEmpty(t, form.Does)
		f, err := chaos.ParseFault(form.Example)
		require.NoError(t, err)
		require.Equal(t, form.Kind, f.Kind)
		require.Equal(t, form.Example, f.String())
		p := chaos.Plan{f}
		if f.Kind == chaos.End {
			p = chaos.Plan{{Kind: chaos.Pause, On: chaos.Hosts("s1"), Name: f.Name}, f}
		}
		require.NoError(t, p.Validate(hosts, chaos.Cast{}), form.Example)
	}
}

func TestPlansAreReadBackAsTheyWereMeant(t *testing.T) {
	kinds := map[chaos.Kind]bool{}
	rapid.Check(t, func(t *rapid.T) {
		p := randomPlan(t)
		require.NoError(t, p.Validate(crew, others), "%s", p)
		got, err := chaos.ParsePlan("# a comment\n\n" + p.String())
		require.NoError(t, err)
		require.Equal(t, p.Canonical(), got)
		require.Equal(t, p.String(), got.String(), "of one plan there is one text")
		require.NoError(t, got.Validate(crew, others))
		for _, f := range p {
			kinds[f.Kind] = true
		}
	})
	if !testing.Short() { // a fifth of the plans need not have every kind
		require.Len(t, kinds, len(chaos.Kinds()))
	}
}

func TestModesThatAreTheDefaultAreOneFault(t *testing.T) {
	for _, f := range []chaos.Fault{
		{Kind: chaos.Crash, On: chaos.Hosts("a")},
		{Kind: chaos.Disk, On: chaos.Hosts("a"), Prob: 1},
		{Kind: chaos.Clog, On: chaos.Hosts("a"), To: chaos.Hosts("b")},
		{Kind: chaos.Partition, Groups: []chaos.Target{chaos.Hosts("a"), chaos.Hosts("b")}},
	} {
		g := f
		g.Mode = map[chaos.Kind]string{
			chaos.Crash: "some", chaos.Disk: "torn", chaos.Clog: "from", chaos.Partition: "complete",
		}[f.Kind]
		require.Equal(t, f.String(), g.String())
		require.Equal(t, f, g.Canonical())
		got, err := chaos.ParseFault(g.String())
		require.NoError(t, err)
		require.Equal(t, f, got)
	}
}

func TestFaultsAreReadBackFromYAML(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := randomPlan(t)
		text, err := scenario.Encode(map[string]any{"faults": want})
		require.NoError(t, err)
		var got struct {
			Faults chaos.Plan `json:"faults"`
		}
		require.NoError(t, scenario.Decode("faults.yaml", text, &got), "%s", text)
		require.Equal(t, want.String(), got.Faults.String(), "%s", text)
	})
}

// wrongTexts are texts of faults, and what ParseFault says of them.
const wrongTexts = `
at 1s cash a
=> word 3 is "cash", expected one of crash, restart,
at soon crash a
=> word 2 is "soon", expected a duration such as 1.5s or 200ms
at 1s for crash a
=> word 4 is "crash", expected a duration such as 1.5s or 200ms
crash
=> it ends after word 1, expected the names of hosts
crash ring
=> word 2 is "ring", expected the names of hosts: this word needs quotes to be one
crash ""
=> word 2 is "", expected the names of hosts
crash "a
=> word 2 does not end, expected a Go string in double quotes
crash a keeping most
=> word 4 is "most", expected one of some, all, nothing
crash a as
=> it ends after word 3, expected a name
crash a as b "c"
=> word 5 is "c", expected nothing more
crash a | b
=> word 3 is "|", expected nothing more
crash 0 of a
=> word 2 is "0", expected how many, such as 2 or 40%
crash 101% of a
=> word 2 is "101%", expected how many, such as 2 or 40%
clock a drift 5%
=> word 4 is "5%", expected a whole number
clock a jump 5
=> word 4 is "5", expected a duration such as 1.5s or 200ms
clock a leap 5s
=> word 4 is "5s", expected one of offset, jump, drift
loss 120% of a
=> word 2 is "120%", expected a probability such as 5%
loss 5% a
=> word 3 is "a", expected one of from, between, of, everywhere
loss 5% between a to b
=> word 5 is "to", expected and and hosts
delay exp(5ms of a
=> word 2 is "exp(5ms", expected a delay such as 10ms or uniform(1ms, 10ms)
delay empirical(/x) of a
=> word 2 is "empirical(/x)", expected a delay such as 10ms or uniform(1ms, 10ms)
lose message x from a to b
=> word 3 is "x", expected a whole number
end ring
=> word 2 is "ring", expected a name: this word needs quotes to be one
`

func TestAnErrorSaysWhichWordIsWrong(t *testing.T) {
	text := ""
	for line := range strings.Lines(strings.TrimSpace(wrongTexts)) {
		want, ok := strings.CutPrefix(strings.TrimSpace(line), "=> ")
		if !ok {
			text = strings.TrimSpace(line)
			continue
		}
		_, err := chaos.ParseFault(text)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "\n")
		for _, form := range chaos.Forms() {
			if strings.HasPrefix(text, string(form.Kind)+" ") && !strings.Contains(text, `"a`) {
				require.ErrorContains(t, err, "; it is written: "+form.Written)
			}
		}
	}
	_, err := chaos.ParseFault("")
	require.ErrorContains(t, err, `fault "": it is empty, expected one of crash, `)
	_, err = chaos.ParsePlan("\n# of two faults\nat 1s crash a\n  at 2s pause b c by\n")
	require.EqualError(t, err,
		`line 4: fault "at 2s pause b c by": word 6 is "by", expected nothing more; it is written: pause HOSTS`)
}

func TestTextsHaveBounds(t *testing.T) {
	_, err := chaos.ParsePlan(strings.Repeat("crash a\n", 1_000_000))
	require.EqualError(t, err, `line 10001: fault "crash a" is too many, expected at most 10000`)
	_, err = chaos.ParseFault("crash" + strings.Repeat(" a", 1_000_000))
	require.ErrorContains(t, err, ": has 2000005 bytes, expected at most 65536")
	p, err := chaos.ParsePlan(strings.Repeat("# nothing\n", 1_000_000))
	require.NoError(t, err)
	require.Nil(t, p)
}

func FuzzParseFault(f *testing.F) {
	for _, form := range chaos.Forms() {
		f.Add(form.Example)
		f.Add(form.Written)
	}
	for _, text := range []string{"", "at", `at 1s crash "a b" "\xff"`, "for -1s pause #3 40% of x", "at 1s at 2s crash a",
		"partition complete a | 2 of b c | | d", "delay samples(1ms,2ms ,  3ms) of a", "crash 9999999999999999999 of a",
		"disk a rot 1e-300%", "loss 1/3 between a and b as c", "reorder 5% by of of a", "clock a drift 9223372036854775808"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := chaos.ParseFault(text)
		if err != nil {
			return
		}
		require.Equal(t, fault, fault.Canonical())
		again, err := chaos.ParseFault(fault.String())
		require.NoError(t, err, "%q", fault.String())
		require.Equal(t, fault, again)
		require.NotEmpty(t, fault.Sort())
		_ = chaos.Plan{fault}.Validate(crew, others)
	})
}

func FuzzParsePlan(f *testing.F) {
	f.Add("# two\nat 1s crash a as x\n\n  at 2s end x \r\n")
	f.Add("at 1s partition one-way a | b as cut\nat 2s end cut\nat 3s end cut")
	f.Add("at 1s for 2s partition ring servers flapping 1ns\nlose message 1 from a to a")
	f.Add("crash")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := chaos.ParsePlan(text)
		if err != nil {
			return
		}
		again, err := chaos.ParsePlan(p.String())
		require.NoError(t, err)
		require.Equal(t, p, again)
		if p.Validate(crew, others) == nil {
			require.GreaterOrEqual(t, p.Over(), time.Duration(0))
			for _, name := range p.Mentions() {
				require.NoError(t, withoutHost(p, name).Validate(crew, others), "without %q", name)
			}
		}
	})
}
