package chart

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("chart.update", false, "write pictures instead of comparing them")

// Golden fails t where the file at path is not the picture of the figure. The flag -chart.update
// writes the file: do so when a change of the run or of the drawing is meant, and look at it.
func Golden(t testing.TB, path string, f Figure) {
	t.Helper()
	picture := f.SVG()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatalf("picture: %v", err)
		}
		if err := os.WriteFile(path, picture, 0o666); err != nil {
			t.Fatalf("picture: %v", err)
		}
		return
	}
	switch pinned, err := os.ReadFile(path); {
	case err != nil:
		t.Fatalf("picture: %v; -chart.update draws it", err)
	case !bytes.Equal(pinned, picture):
		t.Errorf("%s is not the picture of this run: find out what changed; -chart.update if it is meant", path)
	}
}
