package chaos_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var abcd = []string{"a", "b", "c", "d"}

// parse returns the plan of lines, which must be readable.
func parse(t *testing.T, lines string) chaos.Plan {
	p, err := chaos.ParsePlan(lines)
	require.NoError(t, err)
	return p
}

// wrongPlans are plans, and what Validate says of them.
const wrongPlans = `
crash a
at -1s pause a
=> fault 2 has a negative time, expected 0 or more
for -1s pause a
=> fault 1 has a negative time, expected 0 or more
at 900000h pause a
=> fault 1 has a time beyond 876000h0m0s, expected at most that
for 900000h pause a
=> fault 1 has a time beyond 876000h0m0s, expected at most that
for 1s resume a
=> fault 1 is a resume for a while, expected no for: it happens at once
for 1s restart a
=> fault 1 is a restart for a while, expected no for: it happens at once
for 1s clock a jump 1s
=> fault 1 is a clock jump for a while, expected no for: it happens at once
for 1s lose message 1 from a to b
=> fault 1 is a lose for a while, expected no for: it happens at once
at 1s lose message 1 from a to b
=> fault 1 is a lose at a time, expected no at: it waits for its message
crash e
=> fault 1 names the host "e", expected one of a, b, c, d, everyone, role:leader, servers
crash #4
=> fault 1 names the host "#4", expected one of a, b, c, d, everyone, role:leader, servers
crash a b a
=> fault 1 names "a" twice, expected each once
loss 5% from a to a a
=> fault 1 names "a" twice, expected each once
loss 0% of a
=> fault 1 has the probability 0%, expected more than 0% and at most 100%
disk a rot 0
=> fault 1 has the probability 0%, expected more than 0% and at most 100%
byzantine a lie 0%
=> fault 1 has the probability 0%, expected more than 0% and at most 100%
byzantine a lie 1% to x
=> fault 1 names the host "x", expected one of a, b, c, d, everyone, role:leader, servers
delay 0s of a
=> fault 1 delays by nothing, expected a positive delay
slow a by 0s
=> fault 1 is a slow by 0s, expected a positive duration of at most 1000h0m0s
slow a by 1001h
=> fault 1 is a slow by 1001h0m0s, expected a positive duration of at most 1000h0m0s
disk a slow by 2h
=> fault 1 is a disk slow by 2h0m0s, expected a positive duration of at most 1h0m0s
hold message 1 from a to b by -1s
=> fault 1 is a hold by -1s, expected a positive duration of at most 1000h0m0s
clock a offset 0s
=> fault 1 is a clock offset of 0s, expected -1000h0m0s to 1000h0m0s, and not 0
clock a jump -1001h
=> fault 1 is a clock jump of -1001h0m0s, expected -1000h0m0s to 1000h0m0s, and not 0
clock a drift 1000000001
=> fault 1 drifts by 1000000001 parts per billion, expected -999999999 to 1000000000, and not 0
clock a drift 0
=> fault 1 drifts by 0 parts per billion, expected -999999999 to 1000000000, and not 0
exhaust a inbox 0
=> fault 1 leaves 0 of inbox, expected 1 to 1000000000
exhaust a bandwidth 0
=> fault 1 leaves 0 of bandwidth, expected 1 to 1000000000000000
exhaust a disk -1
=> fault 1 leaves -1 of disk, expected 0 to 1000000000000000
lose message 0 from a to b
=> fault 1 is about message 0, expected 1 to 1000000000000000
lose message 1 from a to servers
=> fault 1 names servers, expected one host: it is about one message
lose message 1 from role:leader to a
=> fault 1 names role:leader, expected one host: it is about one message
lose message 1 from 1 of a to b
=> fault 1 names 1 of a, expected one host: it is about one message
lose message 1 from a to #0
=> fault 1 is about a message from a to itself, expected two hosts
end x
=> fault 1 ends "x", expected the name of a fault
restart a as x
end x
=> fault 2 ends "x", which is a restart, expected a fault that lasts
at 50ms pause a as x
at 10ms end x
=> fault 2 ends "x" at 10ms, expected no earlier than it begins, at 50ms
pause a as x
slow a by 1s as x
=> fault 2 is a second fault named "x", expected another name
partition complete a
=> fault 1 has a partition that has 1 groups, expected at least 2
partition one-way a
=> fault 1 has a partition that is one-way and has 1 groups, expected 2
partition bridge a | b
=> fault 1 has a partition that is bridge and has 2 groups, expected 3
partition ring a b | c d
=> fault 1 has a partition that is ring and has 2 groups, expected 1
partition partial a | b a
=> fault 1 names the host "a" twice, expected each once
partition partial a | x
=> fault 1 names the host "x", expected one of a, b, c, d, everyone, role:leader, servers
partition ring a b c
=> fault 1 has a partition that is a ring of fewer than 4 hosts, expected at least 4: fewer are all neighbours
partition ring servers #0
=> fault 1 has a partition that is a ring of fewer than 4 hosts, expected at least 4: fewer are all neighbours
partition ring 3 of everyone
=> fault 1 has a partition that is a ring of fewer than 4 hosts, expected at least 4: fewer are all neighbours
partition ring 50% of role:leader
=> fault 1 has a partition that is a ring of fewer than 4 hosts, expected at least 4: fewer are all neighbours
partition partial a | b flapping 1s
=> fault 1 flaps every 1s for 0s, expected a positive time, and to last longer
for 1s partition partial a | b flapping 1s
=> fault 1 flaps every 1s for 1s, expected a positive time, and to last longer
for 1s partition partial a | b flapping -1s
=> fault 1 flaps every -1s for 1s, expected a positive time, and to last longer
for 1s partition partial a | b flapping 1ns
=> fault 1 flaps 1000000000 times, expected at most 10000
`

func TestAWrongPlanIsNamedWithWhatWasExpected(t *testing.T) {
	names := chaos.Cast{
		Groups: map[string][]string{"servers": {"a", "b", "c"}, "everyone": abcd},
		Roles:  map[string]func() []string{"role:leader": nil},
	}
	var lines string
	for row := range strings.Lines(strings.TrimSpace(wrongPlans)) {
		want, ok := strings.CutPrefix(strings.TrimSpace(row), "=> ")
		if !ok {
			lines += row
			continue
		}
		require.EqualError(t, parse(t, lines).Validate(abcd, names), want, lines)
		lines = ""
	}
	for _, lines := range []string{
		"partition ring servers role:leader", "partition ring servers d", "partition complete a | servers",
		"exhaust a disk 0", "crash 9 of a", "lose message 1 from #0 to #3 as x\nend x", "pause a as x\nend x\nend x",
	} {
		require.NoError(t, parse(t, lines).Validate(abcd, names), lines)
	}
}

// What no text can say, programs can.
func TestAFaultHasWhatItsKindUsesAndNothingElse(t *testing.T) {
	a := chaos.Hosts("a")
	groups := []chaos.Target{a, chaos.Hosts("b")}
	for _, c := range []struct {
		want string
		f    chaos.Fault
	}{
		{`is of kind "", expected one of crash, restart, pause, resume, slow, clock, disk, exhaust, byzantine, loss, ` +
			"delay, duplicate, reorder, corrupt, clog, swizzle, partition, lose, hold, repeat, end",
			chaos.Fault{}},
		{`is a crash "most", expected one of some, all, nothing`,
			chaos.Fault{Kind: chaos.Crash, Mode: "most", On: a}},
		{`is a pause "long", expected no mode: there are none of it`,
			chaos.Fault{Kind: chaos.Pause, Mode: "long", On: a}},
		{`is a restart "x", expected one of wiped`,
			chaos.Fault{Kind: chaos.Restart, Mode: "x", On: a}},
		{"says to crash nobody, expected the names of hosts",
			chaos.Fault{Kind: chaos.Crash}},
		{`names the host "", expected one of a, b, c, d`,
			chaos.Fault{Kind: chaos.Crash, On: chaos.Hosts("")}},
		{"picks 1 and 50% of hosts, expected one of the two",
			chaos.Fault{Kind: chaos.Crash, On: chaos.Target{Count: 1, Share: sim.Certain / 2, Of: a.Of}}},
		{"picks -1 and 0% of hosts, expected one of the two",
			chaos.Fault{Kind: chaos.Crash, On: chaos.Target{Count: -1, Of: a.Of}}},
		{"has a probability, expected none: crash has no use for it",
			chaos.Fault{Kind: chaos.Crash, On: a, Prob: 1}},
		{"has hosts in To, expected none: crash has no use for it",
			chaos.Fault{Kind: chaos.Crash, On: a, To: a}},
		{"has hosts in On, expected none: loss everywhere has no use for it",
			chaos.Fault{Kind: chaos.Loss, Mode: chaos.Everywhere, On: a, Prob: 1}},
		{"has hosts in To, expected none: loss of has no use for it",
			chaos.Fault{Kind: chaos.Loss, Mode: chaos.Of, On: a, To: a, Prob: 1}},
		{"has hosts in On, expected none: partition has no use for it",
			chaos.Fault{Kind: chaos.Partition, On: a, Groups: groups}},
		{"has hosts in On, expected none: end has no use for it",
			chaos.Fault{Kind: chaos.End, On: a, Name: "x"}},
		{"has groups, expected none: pause has no use for it",
			chaos.Fault{Kind: chaos.Pause, On: a, Groups: groups}},
		{"has a delay, expected none: swizzle has no use for it",
			chaos.Fault{Kind: chaos.Swizzle, On: a, Delay: network.Constant(1)}},
		{"has a duration in By, expected none: clock drift has no use for it",
			chaos.Fault{Kind: chaos.Clock, Mode: "drift", On: a, N: 1, By: 1}},
		{"has a number, expected none: clock offset has no use for it",
			chaos.Fault{Kind: chaos.Clock, On: a, N: 1, By: 1}},
		{"has a probability, expected none: disk stall has no use for it",
			chaos.Fault{Kind: chaos.Disk, Mode: "stall", On: a, Prob: 1}},
		{"has a duration in By, expected none: disk torn has no use for it",
			chaos.Fault{Kind: chaos.Disk, On: a, Prob: 1, By: 1}},
		{"has a time to flap, expected none: crash has no use for it",
			chaos.Fault{Kind: chaos.Crash, On: a, Every: 1, For: 2}},
		{"has the probability 200%, expected more than 0% and at most 100%",
			chaos.Fault{Kind: chaos.Corrupt, Mode: chaos.Of, On: a, Prob: 2 * sim.Certain}},
		{"has a partition that has an empty group 2, expected the names of hosts",
			chaos.Fault{Kind: chaos.Partition, Groups: []chaos.Target{a, {}}}},
		{"ends \"\", expected the name of a fault",
			chaos.Fault{Kind: chaos.End}},
		{"has a time beyond 876000h0m0s, expected at most that",
			chaos.Fault{Kind: chaos.Pause, On: a, At: math.MaxInt64}},
	} {
		require.EqualError(t, chaos.Plan{c.f}.Validate(abcd, chaos.Cast{}), "fault 1 "+c.want)
	}
}

func TestAPlanSaysAllThatItMeans(t *testing.T) {
	file := t.TempDir() + "/latencies.txt"
	require.NoError(t, os.WriteFile(file, []byte("1ms\n2ms\n"), 0o600))
	d, err := network.EmpiricalFile(file)
	require.NoError(t, err)
	p := chaos.Plan{{Kind: chaos.Slowness, Mode: chaos.Everywhere, Delay: d}}
	require.EqualError(t, p.Validate(abcd, chaos.Cast{}),
		"fault 1 has a delay from a file, expected samples: a plan says all that it means")
}

func TestManyHostsAreNotAllNamedInAnError(t *testing.T) {
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("s%d", i))
	}
	require.EqualError(t, parse(t, "crash x").Validate(many, chaos.Cast{}),
		`fault 1 names the host "x", expected one of s0, s1, s2, s3, s4, s5, s6, ..., s93, s94, s95, s96, s97, s98, s99`)
}

func TestPlansHaveBounds(t *testing.T) {
	p := make(chaos.Plan, 10_001)
	for i := range p {
		p[i] = chaos.Fault{Kind: chaos.Pause, On: chaos.Hosts("a")}
	}
	require.EqualError(t, p.Validate(abcd, chaos.Cast{}), "fault 10001 is too many, expected at most 10000")
	require.NoError(t, p[1:].Validate(abcd, chaos.Cast{}))
	var long []string
	for i := range 10_000 {
		long = append(long, fmt.Sprintf("server%d", i))
	}
	require.EqualError(t, chaos.Plan{{Kind: chaos.Pause, On: chaos.Hosts(long...)}}.Validate(long, chaos.Cast{}),
		"fault 1 has a text of 108901 bytes, expected at most 65536")
}

func TestAValidPlanEndsBeforeTimeDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := randomPlan(t)
		over := p.Over()
		require.GreaterOrEqual(t, over, time.Duration(0))
		for _, f := range p {
			require.GreaterOrEqual(t, over, f.At+f.For)
		}
	})
}
