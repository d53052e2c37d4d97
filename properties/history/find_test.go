package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const maelstrom = "20240229T120000.000+0000"

// found makes files, which may be links as in "latest -> there", and returns
// what Find finds below them.
func found(t *testing.T, names ...string) []string {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		name, target, link := strings.Cut(name, " -> ")
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		if link {
			require.NoError(t, os.Symlink(target, path))
		} else {
			require.NoError(t, os.WriteFile(path, nil, 0o666))
		}
	}
	paths, err := Find(root)
	require.NoError(t, err)
	for i, path := range paths {
		rel, err := filepath.Rel(root, path)
		require.NoError(t, err)
		paths[i] = filepath.ToSlash(rel)
	}
	return paths
}

func TestFindGivesOneHistoryForEachRun(t *testing.T) {
	require.Equal(t, []string{"runs/queue/1-ab/history.jsonl", "runs/queue/2-cd/history.jsonl.zst"},
		found(t, "runs/queue/1-ab/history.jsonl", "runs/queue/1-ab/events.jsonl.zst", "runs/queue/1-ab/meta.json",
			"runs/queue/2-cd/history.jsonl.zst", "runs/queue/2-cd/results.json", "runs/latest -> queue/2-cd"))
	require.Equal(t, []string{"t/1/history.edn", "t/2/history.edn.gz", "t/3/history.txt", "t/4/jepsen.log", "t/5/history.json"},
		found(t, "t/1/history.edn", "t/1/history.txt", "t/1/jepsen.log", "t/1/history.jsonl", "t/1/history.edn.gz",
			"t/1/independent/0/history.edn", "t/1/node-logs/n1.log", "t/2/history.edn.gz", "t/2/history.jsonl", "t/3/history.txt",
			"t/3/jepsen.log", "t/4/jepsen.log", "t/4/results.edn", "t/5/history.json", "t/5/history.log",
			"t/latest -> 4", "latest -> t/4", "current -> t/4"))
}

func TestFindGivesEveryHistoryOfAPlainFolder(t *testing.T) {
	require.Equal(t, []string{"a.edn", "a.edn.gz", "b.json", "b/c.jsonl.zst", "b/d.txt", "z.log"},
		found(t, "z.log", "b/c.jsonl.zst", "b/d.txt", "a.edn", "a.edn.gz", "b.json", "notes.md", "edn", "x.gz", ".hidden.edn",
			".git/a.edn", "c.edn/notes.md", "l.edn -> a.edn"))
}

func TestFindGivesAFileItselfWhateverItsName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "strange")
	require.NoError(t, os.WriteFile(path, nil, 0o666))
	paths, err := Find(path)
	require.NoError(t, err)
	require.Equal(t, []string{path}, paths)
}

func TestFindFollowsALinkThatIsAskedFor(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS("testdata/store")))
	latest := filepath.Join(root, "lin-kv", "latest")
	require.NoError(t, os.Symlink(maelstrom, latest))
	paths, err := Find(latest)
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(latest, "history.edn")}, paths)
}

func TestToFindNothingIsAnErrorThatSaysWhatWasLookedFor(t *testing.T) {
	root := t.TempDir()
	_, err := Find(root)
	require.EqualError(t, err, root+": no history found, expected a run's history.edn, history.jsonl, history.json, "+
		"history.txt, history.log, jepsen.log, or files that end in .edn, .jsonl, .json, .log, .txt, perhaps with .gz or .zst after that")
	_, err = Find(filepath.Join(root, "absent"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAMaelstromStoreIsReadAsItIs(t *testing.T) {
	paths, err := Find("testdata/store")
	require.NoError(t, err)
	require.Equal(t, []string{"testdata/store/lin-kv/" + maelstrom + "/history.edn",
		"testdata/store/lin-kv/20240301T090000.000+0000/history.edn.gz"}, paths)
	h, err := ReadFile(paths[0], ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, &History{
		Operations: []Operation{
			{Client: 0, Key: "0", Kind: Read, Outcome: Failed, Call: 0, Return: 1, CallTime: 1200000, ReturnTime: 2500000},
			{Client: 1, Key: "0", Kind: Write, Arg: Int(3), Call: 2, Return: 4, CallTime: 3100000, ReturnTime: 4800000},
			{Client: 0, Key: "0", Kind: CAS, Old: Int(3), Arg: Int(4), Outcome: Unknown, Call: 6, Return: Pending, CallTime: 5100000},
			{Client: 1, Key: "0", Kind: CAS, Old: Int(1), Arg: Int(2), Outcome: Failed, Call: 7, Return: 8, CallTime: 5200000, ReturnTime: 6400000},
			{Client: 1, Key: "0", Kind: Read, Out: Int(4), Call: 11, Return: 12, CallTime: 1007000000, ReturnTime: 1008000000},
		},
		Annotations: []Annotation{
			{From: 3, To: 3, Label: ":nemesis :start-partition :majority"},
			{From: 5, To: 5, Label: ":nemesis :start-partition :isolated"},
			{From: 9, To: 9, Label: ":nemesis :stop-partition"},
			{From: 10, To: 10, Label: ":nemesis :stop-partition :network-healed"},
		},
	}, h)
	h, err = ReadFile(paths[1], ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, []Operation{{Client: 0, Key: "7", Kind: Write, Arg: Int(1), Return: 1, CallTime: 1000000, ReturnTime: 2000000}},
		h.Operations)
}
