package disk

import (
	"errors"
	"fmt"
	"iter"

	"phoenix/sim"

	"github.com/zeebo/xxh3"
)

// ErrLimit: there are more crash states than Enumerate was told to look at.
var ErrLimit = errors.New("too many crash states")

// Crash is a crash that may happen in a run, and what it may leave.
type Crash struct {
	Moment int // it comes so many operations after the start, syncs counting twice
	Image  Image
}

// Count says what Enumerate visited.
type Count struct {
	Moments int // at which a crash may happen
	States  int // distinct images of each moment, added up
	Images  int // distinct images of the run
}

// String tells c in words.
func (c Count) String() string {
	return fmt.Sprintf("%d states in %d moments, %d distinct images", c.States, c.Moments, c.Images)
}

// Enumerate visits every state in which a crash may leave the disk of a run: a crash
// just before each operation that changes the disk, one just before each sync takes
// effect, and one at the end; and at each of these moments every image that the file
// system permits, once. What run has done by then (acknowledged, say) can be seen from
// visit. It ends early, without error, when visit returns false.
//
// run is a process of a host with an empty disk, alone in a world of seed 0; callbacks
// of its syncs belong to the run, and so does what it leaves under way when it returns.
//
// There can be many states: on a strict disk each unsynced sector multiplies them.
// Once limit outcomes were looked at, equal ones included, the error wraps ErrLimit,
// and the count says how far it got; 0 is a limit of a million. Another error tells of
// a panic in run or visit. It panics if cfg.Check finds a mistake.
func Enumerate(cfg Config, limit int, run func(p *sim.Proc, d *Disk), visit func(Crash) bool) (Count, error) {
	if limit == 0 {
		limit = 1e6
	}
	e := enumeration{left: limit, visit: visit, images: map[xxh3.Uint128]bool{}}
	err := play(cfg, func(d *Disk) {
		e.d = d
		d.before = e.moment
	}, run)
	e.moment()
	e.count.Images = len(e.images)
	if err == nil && e.left < 0 {
		err = fmt.Errorf("disk: %w: more than %d after %d moments", ErrLimit, limit, e.count.Moments)
	}
	return e.count, err
}

type enumeration struct {
	d      *Disk
	left   int
	over   bool // nothing more is visited
	visit  func(Crash) bool
	images map[xxh3.Uint128]bool
	count  Count
}

// moment visits the crashes that may happen now.
func (e *enumeration) moment() {
	if e.over {
		return
	}
	at := e.count.Moments
	e.count.Moments++
	complete := e.d.outcomes(&e.left, func(im Image, hash xxh3.Uint128) bool {
		e.count.States++
		e.images[hash] = true
		e.over = !e.visit(Crash{at, im})
		return !e.over
	})
	e.over = e.over || !complete
}

// CrashStates returns every image that a crash now may leave, once, beginning with
// what is durable for certain. It draws nothing and leaves the disk as it is. There are
// as many as the product of all decisions; memory grows with those taken.
func (d *Disk) CrashStates() iter.Seq[Image] {
	return func(yield func(Image) bool) {
		left := int(^uint(0) >> 1)
		d.outcomes(&left, func(im Image, _ xxh3.Uint128) bool { return yield(im) })
	}
}

// outcomes yields each image that a crash may leave, once, while yield wants more. It
// reports false if there were more outcomes than left, which it counts down.
func (d *drive) outcomes(left *int, yield func(Image, xxh3.Uint128) bool) bool {
	seen := map[xxh3.Uint128]bool{}
	var o odometer
	var buf []byte
	for {
		if *left--; *left < 0 {
			return false
		}
		a := d.survive(o.pick)
		im := a.image()
		buf = im.append(buf[:0])
		hash := xxh3.Hash128(buf)
		if !seen[hash] {
			seen[hash] = true
			if !yield(im, hash) {
				return true
			}
		}
		if !o.next() {
			return true
		}
	}
}

// An odometer takes decisions in every possible way: as the first time all 0, then
// each time the last that can be counted up.
type odometer struct {
	digits []digit
	at     int
}

type digit struct{ v, n int }

func (o *odometer) pick(_ sim.Key, n int) int {
	if o.at == len(o.digits) {
		o.digits = append(o.digits, digit{0, n})
	}
	v := o.digits[o.at].v
	o.at++
	return v
}

// next goes on to the next way, and reports false after the last.
func (o *odometer) next() bool {
	o.at = 0
	for i := len(o.digits) - 1; i >= 0; i-- {
		if d := &o.digits[i]; d.v+1 < d.n {
			d.v++
			o.digits = o.digits[:i+1]
			return true
		}
	}
	return false
}
