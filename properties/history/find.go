package history

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// runFiles are the names of the history of a run, the best first: later ones
// are made for people, or hold more than the history.
var runFiles = []string{"history.edn", "history.jsonl", "history.json", "history.txt", "history.log", "jepsen.log"}

// extensions are those of histories that have names of their own, and
// compressions what may follow any name.
var (
	extensions   = []string{".edn", ".jsonl", ".json", ".log", ".txt"}
	compressions = []string{"", ".gz", ".zst"}
)

// Find returns the histories that path names, to be read with ReadFile: path
// itself if it is no folder, else the files in it and in its folders that are
// histories by their names, sorted.
//
//   - A folder with history.edn, history.jsonl, history.json, history.txt,
//     history.log or jepsen.log is that of one run, as in the stores of Jepsen and
//     Maelstrom, store/<test>/<time>/history.edn, and in runs/. It gives the
//     first of these that it has, and its own folders give nothing: what they
//     hold is parts of that history, and logs of nodes.
//   - Any other folder gives each file that ends in .edn, .jsonl, .json, .log or
//     .txt, and what its folders give.
//
// Each name may end in .gz or .zst; of one history the file that is not
// compressed comes first. Names that begin with a dot are left out, and so are
// symbolic links below path, such as Jepsen's latest and current, so that
// nothing is found twice. To find nothing is an error.
func Find(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	found, err := findIn(path)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no history found, expected a run's %s, or files that end in %s, perhaps with %s after that",
			path, strings.Join(runFiles, ", "), strings.Join(extensions, ", "), strings.Join(compressions[1:], " or "))
	}
	slices.Sort(found)
	return found, nil
}

// findIn returns the histories in a folder, in no order.
func findIn(folder string) (found []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") })
	if name := runFile(entries); name != "" {
		return []string{filepath.Join(folder, name)}, nil
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		switch {
		case e.IsDir():
			below, err := findIn(path)
			if err != nil {
				return nil, err
			}
			found = append(found, below...)
		case e.Type().IsRegular() && slices.Contains(extensions, filepath.Ext(uncompressed(e.Name()))):
			found = append(found, path)
		}
	}
	return found, nil
}

// runFile returns the best history of the run that a folder holds, or nothing.
func runFile(entries []fs.DirEntry) string {
	for _, name := range runFiles {
		for _, compression := range compressions {
			is := func(e fs.DirEntry) bool { return e.Type().IsRegular() && e.Name() == name+compression }
			if slices.ContainsFunc(entries, is) {
				return name + compression
			}
		}
	}
	return ""
}

// uncompressed returns name as it was before it was compressed.
func uncompressed(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
}
