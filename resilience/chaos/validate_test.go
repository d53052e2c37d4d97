package chaos_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/resilience/chaos"

	"github.com/stretchr/testify/require"
)

func part(name string, kind chaos.Kind, groups ...[]string) chaos.Fault {
	return chaos.Fault{Partition: &chaos.Partition{Name: name, Kind: kind, Groups: groups}}
}

func TestAWrongFaultIsNamedWithWhatWasExpected(t *testing.T) {
	good := chaos.Fault{Crash: []string{"a"}}
	a, b := []string{"a"}, []string{"b"}
	for want, wrong := range map[string][]chaos.Fault{
		"fault 2 says nothing to do, expected one of crash, restart, pause, resume, partition, heal":       {good, {}},
		"fault 1 says restart and heal, expected only one of them":                                         {{Restart: a, Heal: "p"}},
		"fault 1 says to crash nobody, expected the names of hosts":                                        {{Crash: []string{}}},
		"fault 1 has a negative time, expected 0 or more":                                                  {{At: -1, Crash: a}},
		"fault 3 has a negative time, expected 0 or more":                                                  {good, good, {For: -1, Pause: a}},
		"fault 1 is a resume for a while, expected that of crash, pause or partition only":                 {{For: 1, Resume: a}},
		"fault 1 is a restart for a while, expected that of crash, pause or partition only":                {{For: 1, Restart: a}},
		"fault 2 is a heal for a while, expected that of crash, pause or partition only":                   {part("p", "", a, b), {For: 1, Heal: "p"}},
		`fault 2 heals "p" at 10ms, expected no earlier than it begins, at 50ms`:                           {at(50, part("p", "", a, b)), at(10, chaos.Fault{Heal: "p"})},
		`fault 2 heals "q", expected the name of a partition`:                                              {part("p", "", a, b), {Heal: "q"}},
		`fault 1 names the host "e", expected one of a, b, c, d`:                                           {{Pause: []string{"b", "e"}}},
		`fault 1 names the host "a", expected one of `:                                                     nil,
		`fault 1 names the host "a" twice, expected each once`:                                             {part("", "", a, []string{"b", "a"})},
		`fault 2 names the host "b" twice, expected each once`:                                             {good, {Crash: []string{"b", "b"}}},
		`fault 2 is a second partition named "p", expected another name`:                                   {part("p", "", a, b), part("p", "", a, b)},
		`fault 2 is a second partition named "p2", expected another name`:                                  {part("p2", "", a, b), part("", "", a, b)},
		`fault 1 names a partition "a b", expected letters, digits and any of -_. in it`:                   {part("a b", "", a, b)},
		`fault 1 has a partition that is of kind "torn", expected one of [complete one-way bridge ring]`:   {part("", "torn", a, b)},
		"fault 1 has a partition that has 1 groups, expected at least 2":                                   {part("", "", a)},
		"fault 1 has a partition that is of kind one-way and has 1 groups, expected 2":                     {part("", chaos.OneWay, a)},
		"fault 1 has a partition that is of kind bridge and has 2 groups, expected 3":                      {part("", chaos.Bridge, a, b)},
		"fault 1 has a partition that is of kind ring and has 0 groups, expected 1":                        {part("", chaos.Ring)},
		"fault 1 has a partition that has an empty group 2, expected the names of hosts":                   {part("", "", a, nil)},
		"fault 1 has a partition that is a ring of 3 hosts, expected at least 4: fewer are all neighbours": {part("", chaos.Ring, []string{"a", "b", "c"})},
	} {
		if wrong == nil {
			require.EqualError(t, chaos.Validate([]chaos.Fault{good}, nil), want)
			continue
		}
		require.EqualError(t, chaos.Validate(wrong, hosts), want)
	}
}

func TestManyHostsAreNotAllNamedInAnError(t *testing.T) {
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("s%d", i))
	}
	require.EqualError(t, chaos.Validate([]chaos.Fault{{Crash: []string{"x"}}}, many),
		`fault 1 names the host "x", expected one of s0, s1, s2, s3, s4, s5, ..., s94, s95, s96, s97, s98, s99`)
}

func TestAPartitionWithoutANameHealsByItsNumber(t *testing.T) {
	faults := []chaos.Fault{part("", "", []string{"a"}, []string{"b"}), {At: time.Second, Heal: "p1"}}
	require.NoError(t, chaos.Validate(faults, hosts))
}
