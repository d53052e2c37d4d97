package cli

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
)

func TestTheEtcdHistoriesOfJepsenAre23LinearizableAnd79Not(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "test_data", "jepsen", "etcd_*.log"))
	require.NoError(t, err)
	files = slices.DeleteFunc(files, func(f string) bool { return filepath.Base(f) == "etcd_095.log" }) // empty
	require.Len(t, files, 102)
	code, stdout, stderr := call(t, context.Background(), nil, append([]string{"check", "--model", "cas-register", "--json"}, files...)...)
	require.Equal(t, exitFail, code)
	require.NotContains(t, stderr, ".log") // but perhaps progress
	var rep checkReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &rep))
	count := map[properties.Verdict]int{}
	for i, j := range rep.Files {
		require.Equal(t, files[i], j.File)
		count[j.Verdict]++
	}
	require.Equal(t, map[properties.Verdict]int{properties.Pass: 23, properties.Fail: 79}, count)
}
