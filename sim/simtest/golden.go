package simtest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"phoenix/sim"
)

// Golden runs body for each seed and fails t where the digest is not the one that
// the file at path pins. The flag -sim.update writes the file anew: do so when a
// change of the events is meant, and say in the commit what changed them. Flags
// that select seeds do not matter here.
//
// The file has a line "0x2a 0123456789abcdef0123456789abcdef" for each seed, and
// may have comments that begin with "#".
func Golden(t testing.TB, path string, seeds sim.SeedRange, body func(w *sim.World)) {
	t.Helper()
	got := map[uint64]sim.Digest{}
	for seed := range seeds.All() {
		got[seed] = digest(seed, body)
	}
	if update {
		if err := writeGolden(path, seeds, got); err != nil {
			t.Fatalf("golden digests: %v", err)
		}
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("golden digests: %v; -sim.update writes them", err)
		return
	}
	want, err := parseGolden(path, text)
	if err != nil {
		t.Fatalf("golden digests: %v", err)
		return
	}
	for seed := range seeds.All() {
		pinned, ok := want[seed]
		switch {
		case !ok:
			t.Errorf("%s: seed %#x is not pinned; -sim.update does", path, seed)
		case pinned != got[seed]:
			t.Errorf("%s: seed %#x has digest %s, pinned is %s: find out which event changed first; -sim.update if it is meant",
				path, seed, got[seed], pinned)
		}
	}
	if len(want) > len(got) {
		t.Errorf("%s: %d seeds are pinned, and %d run; -sim.update drops the others", path, len(want), len(got))
	}
}

func digest(seed uint64, body func(w *sim.World)) sim.Digest {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	body(w)
	return w.Digest()
}

func writeGolden(path string, seeds sim.SeedRange, digests map[uint64]sim.Digest) error {
	text := []byte("# Digests of the event streams of seeds. A change that is not meant is a bug.\n")
	for seed := range seeds.All() {
		text = fmt.Appendf(text, "%#x %s\n", seed, digests[seed])
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o666)
}

// parseGolden reads what writeGolden wrote.
func parseGolden(path string, text []byte) (map[uint64]sim.Digest, error) {
	digests := map[uint64]sim.Digest{}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		content, _, _ := strings.Cut(string(line), "#")
		words := strings.Fields(content)
		if len(words) == 0 {
			continue
		}
		if err := addGolden(digests, words); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
	}
	return digests, nil
}

func addGolden(digests map[uint64]sim.Digest, words []string) error {
	if len(words) != 2 {
		return fmt.Errorf("%d words, expected a seed and a digest", len(words))
	}
	seed, err := sim.ParseSeed(words[0])
	if err != nil {
		return err
	}
	if _, twice := digests[seed]; twice {
		return fmt.Errorf("seed %#x is pinned twice", seed)
	}
	var d sim.Digest
	if err := d.UnmarshalText([]byte(words[1])); err != nil {
		return err
	}
	digests[seed] = d
	return nil
}
