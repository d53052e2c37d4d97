package traces_test

import (
	"os"
	"path/filepath"
	"testing"

	"phoenix/properties/scenario"
	"phoenix/traces"

	"github.com/stretchr/testify/require"
)

func TestSaveNamesTheFileAfterTheTestAndTheTopOfTheModule(t *testing.T) {
	s := scenario.SingleCopy()
	var r *scenario.Result
	for seed := uint64(0); r == nil || r.Failed() == nil; seed++ {
		r = s.Run(scenario.Options{Seed: seed})
	}
	top := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(top, "go.mod"), nil, 0o666))
	require.NoError(t, os.MkdirAll(filepath.Join(top, "a/b"), 0o777))
	t.Chdir(filepath.Join(top, "a/b"))
	for range 2 { // the second takes the place of the first
		text, err := traces.Save("TestX/seed=0x1 of 2", s, r)
		require.NoError(t, err)
		require.Contains(t, text, "FAIL register/single-copy: not linearizable")
		require.Contains(t, text, "replay:  go run ./cmd/simulate replay a/b/testdata/sim/TestX-seed-0x1-of-2.simfail")
		require.NotContains(t, text, "go test", "a seed is not all that the run was made from")
	}
	files, err := filepath.Glob("testdata/sim/*")
	require.NoError(t, err)
	require.Equal(t, []string{"testdata/sim/TestX-seed-0x1-of-2.simfail"}, files)
}

func TestSaveTellsWhereItCannotWrite(t *testing.T) {
	s := scenario.SingleCopy()
	var r *scenario.Result
	for seed := uint64(0); r == nil || r.Failed() == nil; seed++ {
		r = s.Run(scenario.Options{Seed: seed})
	}
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("testdata", nil, 0o666))
	_, err := traces.Save("TestX", s, r)
	require.ErrorContains(t, err, "traces: testdata/sim/TestX.simfail: ")
}
