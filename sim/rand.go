package sim

import (
	"math/bits"
	"math/rand/v2"

	"github.com/zeebo/xxh3"
)

// Key names a stream of randomness by what it is for: a seed, a purpose, the
// names and numbers of those concerned. What one key yields depends on nothing
// else, in particular not on what was drawn before from any other. So an edit
// to a run leaves alone every draw that the edit does not concern. The one exception
// is asked for by Config.Reroll.
//
// Keys are values; the zero Key is a valid root like any other.
type Key struct {
	hi, lo uint64
	reroll *reroll // nil unless the world of the key has a Config.Reroll
}

// NewKey returns the root of all streams of a seed.
func NewKey(seed uint64) Key {
	return Key{hi: mix(seed ^ 0x9e3779b97f4a7c15), lo: mix(seed + 0xd1b54a32d192ed03)}
}

// Sub returns the key for a named part of k.
func (k Key) Sub(name string) Key {
	h := xxh3.HashString128Seed(name, k.hi)
	return Key{mix(h.Hi ^ k.lo), mix(h.Lo + bits.RotateLeft64(k.lo, 23)), k.reroll}
}

// Num returns the key for the i-th part of k.
func (k Key) Num(i uint64) Key {
	return Key{mix(k.hi + i*0x9e3779b97f4a7c15), mix(k.lo ^ mix(i+0x632be59bd9b4e019)), k.reroll}
}

// Uint64 returns 64 bits that depend on k alone.
func (k Key) Uint64() uint64 {
	if k.reroll != nil {
		k = k.reroll.now(k)
	}
	return mix(k.hi ^ bits.RotateLeft64(k.lo, 32))
}

// Below returns a number in [0, n) that depends on k alone, with a bias of at
// most n/2^64. It panics unless n > 0.
func (k Key) Below(n int) int {
	if n <= 0 {
		panic("sim: Key.Below needs a positive bound")
	}
	return below(k.Uint64(), n)
}

func below(r uint64, n int) int {
	hi, _ := bits.Mul64(r, uint64(n))
	return int(hi)
}

// Rand returns the stream of k from its start.
func (k Key) Rand() *rand.Rand {
	if k.reroll != nil {
		return k.reroll.stream(k)
	}
	return rand.New(rand.NewPCG(k.hi, k.lo))
}

// Seed puts src at the start of the i-th stream of k, without allocating: for
// draws that are made for each message or each event.
func (k Key) Seed(src *rand.PCG, i uint64) {
	if k.reroll != nil {
		k = k.reroll.now(k)
	}
	src.Seed(mix(k.hi+i*0x9e3779b97f4a7c15), k.lo)
}

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014, figure 15): a bijection in
// which each input bit flips each output bit with probability near one half.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
