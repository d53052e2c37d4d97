package linear

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

// porcupineDir is porcupine's module in the module cache. It ships histories
// of real Jepsen runs, and its tests hold their labels.
func porcupineDir(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

func checkFile(t *testing.T, path string, opt Options) Result {
	t.Helper()
	h, err := history.ReadFile(path, history.ReadOptions{})
	require.NoError(t, err)
	res, err := Check(context.Background(), h, opt)
	require.NoError(t, err)
	return res
}

// linearizableEtcd lists the etcd histories that are linearizable.
var linearizableEtcd = []int{2, 5, 7, 18, 25, 31, 38, 45, 48, 49, 51, 53, 56, 67, 75, 76, 80, 87, 92, 98, 100, 101, 102}

// emptyEtcd is a file without a byte: the cluster of that run did not start.
const emptyEtcd = 95

func TestTheEtcdHistoriesGetTheirKnownVerdicts(t *testing.T) {
	dir := porcupineDir(t)
	passes, fails, overlapping := 0, 0, 0
	for i := range 103 {
		if i == emptyEtcd {
			continue
		}
		res := checkFile(t, filepath.Join(dir, "test_data", "jepsen", fmt.Sprintf("etcd_%03d.log", i)), Options{Model: CASRegister})
		if slices.Contains(linearizableEtcd, i) {
			passes++
			require.Equal(t, properties.Pass, res.Verdict, "etcd_%03d: %s", i, res.Explanation)
		} else {
			fails++
			require.Equal(t, properties.Fail, res.Verdict, "etcd_%03d: %s", i, res.Reason)
			require.NotNil(t, res.Culprit, "etcd_%03d", i)
			require.True(t, strings.HasPrefix(res.Explanation, "read returned "), "etcd_%03d: %s", i, res.Explanation)
		}
		overlapping += res.Overlapping
	}
	require.Equal(t, []int{23, 79, 3449}, []int{passes, fails, overlapping})
}

func TestPorcupinesOwnTestsAgreeOnTheEtcdLabels(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(porcupineDir(t), "porcupine_test.go"))
	require.NoError(t, err)
	labels := regexp.MustCompile(`checkJepsen\(t, (\d+), (true|false)\)`).FindAllStringSubmatch(string(source), -1)
	require.Len(t, labels, 102)
	var linearizable []int
	for _, label := range labels {
		i, err := strconv.Atoi(label[1])
		require.NoError(t, err)
		require.NotEqual(t, emptyEtcd, i)
		if label[2] == "true" {
			linearizable = append(linearizable, i)
		}
	}
	require.Equal(t, linearizableEtcd, linearizable)
}

func TestAnEmptyLogIsAnErrorNotAPass(t *testing.T) {
	path := filepath.Join(porcupineDir(t), "test_data", "jepsen", "etcd_095.log")
	_, err := history.ReadFile(path, history.ReadOptions{})
	require.EqualError(t, err, path+":1: expected a history, found an empty file")
}

func TestTheKeyValueHistoriesGetTheirKnownVerdicts(t *testing.T) {
	dir := filepath.Join(porcupineDir(t), "test_data", "kv")
	for _, tc := range []struct {
		file                          string
		verdict                       properties.Verdict
		keys, operations, overlapping int
		explanation                   string
	}{
		{"c01-ok.txt", properties.Pass, 10, 58, 0, ""},
		{"c10-ok.txt", properties.Pass, 10, 337, 244, ""},
		{"c50-ok.txt", properties.Pass, 10, 1712, 1710, ""},
		{"c01-bad.txt", properties.Fail, 8, 38, 0,
			`read of 7 returned "x 0 0 y", without "x 0 3 y", whose append was acknowledged`},
		{"c10-bad.txt", properties.Fail, 10, 405, 311,
			`read of 0 returned "x 9 0 yx 0 0 yx 8 0 y", without "x 7 6 y", whose append was acknowledged`},
		{"c50-bad.txt", properties.Fail, 10, 2024, 2019,
			`read of 1 returned "x 30 0 yx 46 1 yx 30 3 yx 13 1 yx 5 0 …, which no order of the operations so far allows`},
	} {
		res := checkFile(t, filepath.Join(dir, tc.file), Options{Model: KV})
		require.Equal(t, tc.verdict, res.Verdict, tc.file)
		require.Equal(t, []int{tc.keys, tc.operations, tc.overlapping},
			[]int{res.Keys, res.Operations, res.Overlapping}, tc.file)
		require.Equal(t, tc.explanation, res.Explanation, tc.file)
	}
}
