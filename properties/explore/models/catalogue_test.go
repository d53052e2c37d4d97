package models_test

import (
	"slices"
	"strings"
	"testing"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
)

func TestEveryModelOfTheCatalogueIsExploredByItsDefaults(t *testing.T) {
	names := map[string]bool{}
	for _, e := range models.All() {
		t.Run(e.Name, func(t *testing.T) {
			require.False(t, names[e.Name])
			names[e.Name] = true
			require.NotEmpty(t, e.About)
			p := models.Params{}
			if strings.HasPrefix(e.Name, "crdt-") && !*long {
				p.Operations = 2 // TestReplicatedTypes... has more
			}
			m, err := e.Build(p)
			require.NoError(t, err)
			require.Equal(t, e.Name, m.Name)
			r, err := explore.Search(m, explore.Config{})
			require.NoError(t, err)
			expected := properties.Pass
			if e.Wrong != "" {
				expected = properties.Fail
			}
			require.Equal(t, expected, r.Verdict, "%v", r.Outcomes)
		})
	}
}

func TestEveryBugOfTheCatalogueBuildsItsModel(t *testing.T) {
	for _, e := range models.All() {
		for _, b := range e.Bugs {
			require.NotEmpty(t, b.Wrong)
			_, err := e.Build(models.Params{Bug: b.Name})
			require.NoError(t, err)
		}
	}
}

func TestOptionsReachTheModel(t *testing.T) {
	e, err := models.Find("lease")
	require.NoError(t, err)
	m, err := e.Build(models.Params{Clients: 3, Network: "ordered", Lossy: true, Drops: 1, Duplicates: 2})
	require.NoError(t, err)
	require.Len(t, m.Nodes, 5)
	require.Equal(t, explore.Ordered, m.Network)
	require.True(t, m.Lossy)
	require.Equal(t, explore.Budget{Drops: 1, Duplicates: 2}, m.Faults)

	e, err = models.Find("commit-crash")
	require.NoError(t, err)
	for crashes, expected := range map[int]int{0: 1, 2: 2, -1: 0} {
		m, err = e.Build(models.Params{Crashes: crashes})
		require.NoError(t, err)
		require.Equal(t, expected, m.Faults.Crashes)
	}
}

// options sets each option alone.
var options = map[string]models.Params{
	"clients": {Clients: 2}, "servers": {Servers: 2}, "rms": {RMs: 2}, "threads": {Threads: 2}, "nodes": {Nodes: 2},
	"terms": {Terms: 1}, "log": {Log: 2}, "heartbeats": {Heartbeats: 1}, "under-way": {UnderWay: 1},
	"changes": {Changes: 1}, "spares": {Spares: 1}, "replicas": {Replicas: 2}, "operations": {Operations: 2}, "lock": {Lock: true},
	"no-history": {NoHistory: true}, "network": {Network: "ordered"}, "lossy": {Lossy: true},
	"crashes": {Crashes: 1}, "restarts": {Restarts: 1}, "drops": {Drops: 1}, "duplicates": {Duplicates: 1},
}

func TestAModelTakesTheOptionsThatItNamesAndNoOthers(t *testing.T) {
	for _, e := range models.All() {
		for _, name := range e.Takes {
			require.Contains(t, options, name, e.Name)
		}
		for name, p := range options {
			_, err := e.Build(p)
			if slices.Contains(e.Takes, name) {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "model "+e.Name+" does not take "+name)
			}
		}
	}
}

func TestWhatAModelDoesNotTakeIsNamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		params models.Params
		says   string
	}{
		{"2pc", models.Params{Clients: 2}, "model 2pc does not take clients, only rms"},
		{"diehard", models.Params{Lossy: true}, "model diehard does not take lossy, it has no options"},
		{"2pc", models.Params{Bug: "no-table"}, `model 2pc has no bug "no-table", only commit-without-all`},
		{"tcommit", models.Params{Bug: "no-table"}, `model tcommit has no bug "no-table", it has none`},
		{"raft", models.Params{Servers: -1}, "model raft: servers -1, expected 1 to 32"},
		{"raft", models.Params{Log: 33}, "model raft: log 33, expected 1 to 32"},
		{"lease", models.Params{Network: "tcp"},
			`model lease: network "tcp", expected nonduplicating, duplicating, ordered or board`},
	} {
		e, err := models.Find(c.name)
		require.NoError(t, err)
		_, err = e.Build(c.params)
		require.EqualError(t, err, c.says)
	}
	_, err := models.Find("pbft")
	require.ErrorContains(t, err, `no model "pbft", only 2pc, tcommit,`)
}
