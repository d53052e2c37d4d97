package simtest

import (
	"flag"
	"fmt"
	"strconv"
	"strings"

	"phoenix/sim"
)

const (
	defaultSeeds = 100
	longFactor   = 50
)

// The flags as they were given.
var (
	onlySeed   *uint64
	askedSeeds *sim.SeedRange
	long       bool
	update     bool
)

func init() {
	flag.Func("sim.seed", "run this `seed` only, and tell its events if it fails", func(s string) error {
		seed, err := sim.ParseSeed(s)
		onlySeed = &seed
		return err
	})
	flag.Func("sim.seeds", "run these `seeds`: a number of them, or a range such as 0..1000", func(s string) error {
		seeds, err := parseCount(s)
		askedSeeds = &seeds
		return err
	})
	flag.BoolVar(&long, "sim.long", false, fmt.Sprintf("run %d times as many seeds", longFactor))
	flag.BoolVar(&update, "sim.update", false, "rewrite the files of golden digests")
}

// parseCount reads a number of seeds from 0 on, or a range.
func parseCount(s string) (sim.SeedRange, error) {
	if strings.Contains(s, "..") {
		return sim.ParseSeeds(s)
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 {
		return sim.SeedRange{}, fmt.Errorf("seeds %q: expected a number of seeds above 0, or a range FIRST..END", s)
	}
	return sim.SeedRange{Count: n}, nil
}

// Long reports whether -sim.long was given: tests may then search deeper in other
// ways than by more seeds.
func Long() bool { return long }

// Range returns the seeds to run: what the flags say, else what the test says. It
// is for tests that go through seeds themselves.
func (opt Options) Range() sim.SeedRange {
	switch {
	case onlySeed != nil:
		return sim.SeedRange{First: *onlySeed, Count: 1}
	case askedSeeds != nil:
		return *askedSeeds
	}
	seeds := opt.Seeds
	if seeds.Count == 0 {
		seeds.Count = defaultSeeds
	}
	if long {
		seeds.Count *= longFactor
	}
	return seeds
}
