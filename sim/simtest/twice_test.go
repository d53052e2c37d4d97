package simtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
)

// witness is a testing.TB that keeps what it is told.
type witness struct {
	testing.TB
	errors []string
	fatal  string
}

func (w *witness) Helper()      {}
func (w *witness) Name() string { return "TestPlanted" }
func (w *witness) Errorf(format string, args ...any) {
	w.errors = append(w.errors, fmt.Sprintf(format, args...))
}
func (w *witness) Fatalf(format string, args ...any) { w.fatal = fmt.Sprintf(format, args...) }

// counting runs a host that notes three numbers, from next.
func counting(next func(h *sim.Host) int) func(w *sim.World) {
	return func(w *sim.World) {
		w.AddHost("a", func(h *sim.Host) {
			for i := range 3 {
				h.After(time.Second, func() { h.Note("%d: %d", i, next(h)) })
			}
		})
		w.Run(sim.Limit{})
	}
}

func TestTwicePassesADeterministicWorld(t *testing.T) {
	runs := 0
	Twice(t, Options{}, counting(func(h *sim.Host) int {
		runs++
		return h.Rand("x").Int()
	}))
	require.Equal(t, 100*2*3, runs)
}

var drawn int // what no world may have

func TestTwiceCatchesAVariableOfThePackage(t *testing.T) {
	drawn = 0
	var w witness
	Twice(&w, Options{}, counting(func(*sim.Host) int {
		drawn++
		return drawn / 5 // the first run says 0, 0, 0, the second 0, 1, 1
	}))
	require.Len(t, w.errors, 3, "it stops after three seeds")
	require.Regexp(t, `^seed 0x0: two runs differ: 7 events, digest [0-9a-f]{32}, and 7 events, digest [0-9a-f]{32}
first at event 3:
  both        1           0s host 0   boot     a
  both        2           1s host 0   timer    after  \(after 1\)
  first       3           1s host 0   note     0: 1  \(after 2\)
  first       4           1s host 0   timer    after  \(after 1\)
  first       5           1s host 0   note     1: 1  \(after 4\)
  second      3           1s host 0   note     0: 2  \(after 2\)
  second      4           1s host 0   timer    after  \(after 1\)
  second      5           1s host 0   note     1: 2  \(after 4\)
  test:    go test ./sim/simtest -run '\^TestPlanted\$' -sim.seed=0x0$`, w.errors[0])
}

func TestTwiceCatchesARunThatIsLonger(t *testing.T) {
	drawn = 0
	var w witness
	Twice(&w, Options{Seeds: sim.SeedRange{First: 5, Count: 1}}, func(w *sim.World) {
		drawn++
		w.AddHost("a", nil)
		if drawn%2 == 0 {
			w.AddHost("b", nil)
		}
		w.Run(sim.Limit{})
	})
	require.Len(t, w.errors, 1)
	require.Contains(t, w.errors[0], "first at event 2:\n  both        1 ")
	require.Contains(t, w.errors[0], "\n  first  ended\n  second      2           0s host 1   boot     b\n")
}

func TestTwiceCatchesTheOrderOfAMap(t *testing.T) {
	var w witness
	m := map[int]bool{}
	for i := range 50 {
		m[i] = true
	}
	Twice(&w, Options{}, counting(func(*sim.Host) int {
		for k := range m {
			return k
		}
		return 0
	}))
	require.Len(t, w.errors, 3)
}

func TestTwiceSaysSoIfADifferenceDoesNotShowAgain(t *testing.T) {
	drawn = 0
	var w witness
	Twice(&w, Options{}, counting(func(*sim.Host) int {
		drawn++
		return min(drawn, 3)
	}))
	require.Len(t, w.errors, 1)
	require.Contains(t, w.errors[0], "\nrun again, they did not differ\n")
}

func TestTwiceRefusesToCompareNothing(t *testing.T) {
	var w witness
	Twice(&w, Options{Seeds: sim.SeedRange{Count: 1}}, func(*sim.World) {})
	require.Contains(t, w.errors[0], "seed 0x0: no event happened, nothing was compared\n")

	Twice(&w, Options{Seeds: sim.SeedRange{Count: 1}}, func(w *sim.World) {
		w.Emit(sim.Event{Kind: sim.Note, Host: sim.NoHost, Peer: sim.NoHost, Value: func() {}})
	})
	require.Contains(t, w.errors[1], "seed 0x0: the digest does not cover all that was said: value has no canonical encoding: func()\n")
}

func TestGoldenPinsDigests(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "digests.txt")
	seeds := sim.SeedRange{First: 10, Count: 3}
	body := counting(func(h *sim.Host) int { return h.Rand("x").IntN(1000) })
	golden := func(seeds sim.SeedRange, rewrite bool, body func(*sim.World)) witness {
		var w witness
		before := update
		update = rewrite
		Golden(&w, path, seeds, body)
		update = before
		return w
	}
	require.Contains(t, golden(seeds, false, body).fatal, "no such file or directory; -sim.update writes them")
	require.Zero(t, golden(seeds, true, body))
	require.Zero(t, golden(seeds, false, body))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Regexp(t, `^# Digests .*\n0xa [0-9a-f]{32}\n0xb [0-9a-f]{32}\n0xc [0-9a-f]{32}\n$`, string(text))

	changed := golden(seeds, false, counting(func(h *sim.Host) int { return h.Rand("x").IntN(1001) }))
	require.NotEmpty(t, changed.errors)
	require.Regexp(t, `seed 0x[abc] has digest [0-9a-f]{32}, pinned is [0-9a-f]{32}: find out which event changed first`, changed.errors[0])
	more := golden(sim.SeedRange{First: 10, Count: 4}, false, body)
	require.Equal(t, []string{path + ": seed 0xd is not pinned; -sim.update does"}, more.errors)
	fewer := golden(sim.SeedRange{First: 11, Count: 2}, false, body)
	require.Equal(t, []string{path + ": 3 seeds are pinned, and 2 run; -sim.update drops the others"}, fewer.errors)

	require.NoError(t, os.WriteFile(path, []byte("# one\n\n0x1 2 3\n"), 0o666))
	require.Equal(t, "golden digests: "+path+":3: 3 words, expected a seed and a digest", golden(seeds, false, body).fatal)
	path = t.TempDir()
	require.Contains(t, golden(seeds, true, body).fatal, "is a directory")
}

func TestAGoldenFileThatIsWrongIsAnErrorThatSaysWhere(t *testing.T) {
	const d = " 0123456789abcdef0123456789abcdef\n"
	for text, want := range map[string]string{
		"x" + d:             `f:1: seed "x": expected a decimal number`,
		"1\n":               `f:1: 1 words, expected a seed and a digest`,
		"1" + d + "0x1" + d: `f:2: seed 0x1 is pinned twice`,
		"1 zz\n":            `f:1: sim: digest "zz" has 2 characters, expected 32`,
	} {
		_, err := parseGolden("f", []byte(text))
		require.ErrorContains(t, err, want)
	}
}

func FuzzParseGolden(f *testing.F) {
	const d = "0123456789abcdef0123456789abcdef"
	for _, s := range []string{"", "# x\n", "0x1 " + d, "1 " + d + " # y\n0x2\t" + d + "\n", "1", "1 2", "\xff", "1 " + d + "\n1 " + d} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		digests, err := parseGolden("f", text)
		if err != nil {
			require.Regexp(t, `^f:\d+: `, err.Error())
			return
		}
		for seed, digest := range digests {
			again, err := parseGolden("f", fmt.Appendf(nil, "%#x %s", seed, digest))
			require.NoError(t, err)
			require.Equal(t, map[uint64]sim.Digest{seed: digest}, again)
		}
	})
}
