package sketch_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/crdt/sketch"
)

// A code is the rateless IBLT as plainly as can be: all symbols at once, and passes over
// them until nothing changes. With a bug, it is one of the ways to get it wrong.
type code struct {
	bug  string
	salt uint64
}

// The bugs of a code, each killed by a test below.
const (
	noChecksum   = "a count of one is enough to be peeled"
	signLost     = "the sign of counts is lost"
	noSalt       = "the mapping does not depend on the salt"
	stopsAtFirst = "done as soon as a pass finds nothing in symbol 0 but the count is 0"
)

func (c code) indices(item uint64, m int) []int {
	if c.bug == noSalt {
		return sketch.IndicesOf(item, 0, m)
	}
	return sketch.IndicesOf(item, c.salt, m)
}

// apply adds an item count times to the cells.
func (c code) apply(cells []sketch.Symbol, item uint64, count int32) {
	for _, i := range c.indices(item, len(cells)) {
		cells[i].Sum ^= item
		cells[i].Check ^= sketch.ChecksumOf(item, c.salt)
		cells[i].Count += count
	}
}

func (c code) encode(items plain, m int) []sketch.Symbol {
	cells := make([]sketch.Symbol, m)
	for _, item := range items.less(nil) {
		c.apply(cells, item, 1)
	}
	return cells
}

func (c code) pure(s sketch.Symbol) bool {
	if c.bug == noChecksum {
		return s.Count == 1 || s.Count == -1
	}
	return s.Pure(c.salt)
}

// decode finds the difference from m symbols of each; done is whether it claims to.
func (c code) decode(mine, theirs plain, m int) (missing, extra []uint64, done bool) {
	cells := c.encode(theirs, m)
	for i, s := range c.encode(mine, m) {
		cells[i].Sum ^= s.Sum
		cells[i].Check ^= s.Check
		cells[i].Count -= s.Count
		if c.bug == signLost {
			cells[i].Count = max(cells[i].Count, -cells[i].Count)
		}
	}
	for found := true; found && len(missing)+len(extra) <= m; {
		found = false
		for i := range cells {
			s := cells[i]
			if !c.pure(s) {
				continue
			}
			found = true
			if s.Count == 1 {
				missing = append(missing, s.Sum)
			} else {
				extra = append(extra, s.Sum)
			}
			c.apply(cells, s.Sum, -s.Count)
		}
	}
	slices.Sort(missing)
	slices.Sort(extra)
	if c.bug == stopsAtFirst {
		return missing, extra, cells[0].Count == 0
	}
	return missing, extra, !slices.ContainsFunc(cells, func(s sketch.Symbol) bool { return s != sketch.Symbol{} })
}

// sound is the law: what is said to be the difference is it.
func (c code) sound(mine, theirs plain, m int) bool {
	missing, extra, done := c.decode(mine, theirs, m)
	return !done || slices.Equal(missing, theirs.less(mine)) && slices.Equal(extra, mine.less(theirs))
}

// complete is the other: d differences are found with 12 symbols for each.
func (c code) complete(mine, theirs plain) bool {
	d := len(theirs.less(mine)) + len(mine.less(theirs))
	_, _, done := c.decode(mine, theirs, 12*d+12)
	return done && c.sound(mine, theirs, 12*d+12)
}

// small calls try with sets that differ in d items of few, beginning with the fewest,
// until it returns false, and returns d then; 0 if it never does.
func small(try func(salt uint64, mine, theirs plain) bool) int {
	for d := 1; d <= 8; d++ {
		for salt := range uint64(200) {
			r := rand.New(rand.NewPCG(salt, uint64(d)))
			mine, theirs := plain{}, plain{}
			for range d {
				if r.IntN(2) == 0 {
					mine[r.Uint64()] = true
				} else {
					theirs[r.Uint64()] = true
				}
			}
			if !try(salt, mine, theirs) {
				return d
			}
		}
	}
	return 0
}

func TestTheDecoderAgreesWithThePlainOne(t *testing.T) {
	require.Zero(t, small(func(salt uint64, mine, theirs plain) bool {
		const m = 14
		c := code{salt: salt}
		there, dec := theirs.set(0).Encoder(salt), sketch.NewDecoder(mine.set(0).Encoder(salt))
		block := there.Next(m)
		missing, extra, done := c.decode(mine, theirs, m)
		return slices.Equal(c.encode(theirs, m), block.Symbols) && dec.Feed(block) == nil &&
			dec.Done() == done && slices.Equal(dec.Missing(), missing) && slices.Equal(dec.Extra(), extra)
	}))
}

func TestMutantsOfTheCodeAreKilledByFewDifferences(t *testing.T) {
	sound := func(bug string) int {
		return small(func(salt uint64, mine, theirs plain) bool {
			return code{bug, salt}.sound(mine, theirs, 4)
		})
	}
	require.Zero(t, sound(""))
	require.Equal(t, 1, sound(signLost), "what is extra is said to be missing")
	require.Equal(t, 2, sound(stopsAtFirst), "one on each side count to nothing")
	complete := func(bug string) int {
		return small(func(salt uint64, mine, theirs plain) bool {
			return code{bug, salt}.complete(mine, theirs)
		})
	}
	require.Equal(t, 3, complete(noChecksum), "one of ours and two of theirs count to one, and are taken for an item")
}

// Two items that share their first hundred symbols stay together however many are sent.
// Under another salt they part; if the mapping ignores it, they never do.
func TestACollisionDoesNotComeBackUnderAnotherSalt(t *testing.T) {
	const m = 100
	stuck := func(bug string) (salts int) {
		mine, theirs := plain{}, plain{}
		seen := map[string]uint64{}
		for item := uint64(1); len(theirs) < 2; item++ {
			path := indexKey(code{bug, 0}.indices(item, m))
			if other, there := seen[path]; there && len(path) < 4 {
				theirs[item], theirs[other] = true, true
			}
			seen[path] = item
		}
		for salt := range uint64(50) {
			if _, _, done := (code{bug, salt}).decode(mine, theirs, m); !done {
				salts++
			}
		}
		return salts
	}
	require.Equal(t, 1, stuck(""), "under salt 0, for which they were sought")
	require.Equal(t, 50, stuck(noSalt))
}

func indexKey(indices []int) string {
	var key []byte
	for _, i := range indices {
		key = append(key, byte(i))
	}
	return string(key)
}

// walkedThrough is a walk whose pages are changed on the way, as a wrong walk would have
// made them.
func walkedThrough(t *testing.T, a, b *sketch.Set, change func(sketch.Page) sketch.Page) (missing, extra []uint64) {
	from := a.Walk(1)
	page, ok := from.Next(1 << 20)
	to := b.Answer(page)
	for side := 1; ok; side = 1 - side {
		m, e := to.Receive(change(page))
		if side == 1 {
			m, e = e, m
		}
		missing, extra = append(missing, m...), append(extra, e...)
		page, ok = to.Next(1 << 20)
		from, to = to, from
	}
	slices.Sort(missing)
	slices.Sort(extra)
	return missing, extra
}

func TestMutantsOfTheWalkMissDifferences(t *testing.T) {
	a, b := differing(6, 2000, 30, 30)
	all, allExtra := walkedThrough(t, a, b, func(p sketch.Page) sketch.Page { return p })
	require.Len(t, all, 30)
	require.Len(t, allExtra, 30)
	for _, mutant := range []struct {
		name string
		lost func(sketch.Branch) bool
	}{
		{"stops one level early", func(b sketch.Branch) bool { return b.Listed }},
		{"the last child is never looked at", func(b sketch.Branch) bool {
			return b.Depth > 0 && b.Prefix>>(64-4*b.Depth)&15 == 15
		}},
	} {
		missing, extra := walkedThrough(t, a, b, func(p sketch.Page) sketch.Page {
			p.Branches = slices.DeleteFunc(slices.Clone(p.Branches), mutant.lost)
			return p
		})
		require.Less(t, len(missing)+len(extra), 60, mutant.name)
	}
}

// Digests of 32 bits are equal by chance for one pair in two billion.
func TestDigestsOfUnequalPrefixesDiffer(t *testing.T) {
	a, b := differing(1, 100, 0, 0)
	b.Add(5)
	for salt := range uint64(2000) {
		pa, _ := a.Walk(salt).Next(1000)
		pb, _ := b.Walk(salt).Next(1000)
		require.NotEqual(t, pa.Branches[0].Kids[0], pb.Branches[0].Kids[0])
	}
}
