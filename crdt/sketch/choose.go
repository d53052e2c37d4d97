package sketch

// A Method is a way to bring two sets to the same items.
type Method int

// The methods.
const (
	Full  Method = iota // one sends all it has, the other what that lacks
	Trie                // a Walk finds the difference
	Coded               // coded symbols and a Decoder find the difference
)

// String returns the name.
func (m Method) String() string { return [...]string{"full", "trie", "coded"}[m] }

// A Question is what is known before two sets are reconciled. The zero value is about two
// empty sets.
type Question struct {
	Items      int // of the larger set
	Difference int // as estimated
	ItemBytes  int // of what an item stands for, as it is sent
	// RoundTripBytes is how many bytes a round trip is worth: latency times bandwidth.
	// 0 is for bytes alone.
	RoundTripBytes int
}

// A Cost is what a method is expected to take, with what the items stand for.
type Cost struct {
	Bytes      int
	RoundTrips int
}

// Choose returns the cheapest method for q. It was at most 1.25 times as dear as the best
// wherever it was measured, errors of the estimate included.
func Choose(q Question) Method {
	best := Full
	for _, m := range []Method{Trie, Coded} {
		if q.price(m) < q.price(best) {
			best = m
		}
	}
	return best
}

func (q Question) price(m Method) int {
	c := q.Cost(m)
	return c.Bytes + c.RoundTrips*q.RoundTripBytes
}

// Cost is what m is expected to take, if half of the difference is missing on each side.
// It is counted for all methods that hashes are asked for and what is missing is sent.
func (q Question) Cost(m Method) Cost {
	d, each := float64(q.Difference), float64(q.ItemBytes)
	switch m {
	case Trie:
		bytes, messages := q.trie()
		return Cost{int(bytes + float64(d*(4+each))), messages/2 + 1}
	case Coded:
		first := float64(FirstSymbols(q.Difference))
		return Cost{int(float64(first*symbolBytes) + blockBytes + float64(d*(4+each))), 2}
	default:
		return Cost{int(float64(float64(q.Items)*each) + float64(d/2*each)), 1}
	}
}

const (
	symbolBytes = 13.5
	blockBytes  = 30
)

// FirstSymbols is how many coded symbols to send at first if the sets are expected to
// differ in d items: 1.35 d and what the error of the estimate and of small numbers takes.
func FirstSymbols(d int) int { return min(MaxSymbols, d+d/2+d/10+6) }

// trie returns the bytes and the number of messages of a walk. At each level there are
// sixteen times as many prefixes, and the differences fall into them at random.
func (q Question) trie() (bytes float64, messages int) {
	d, n := q.Difference, float64(q.Items)
	prefixes := 1.0
	for depth := 0; ; depth++ {
		messages++
		touched := hit(prefixes, d)
		each := n / prefixes
		head := float64(1 + (depth+1)/2)
		if each <= listed || depth == maxDepth {
			return bytes + float64(touched*(head+1+float64(each*float64(8-depth/2)))) + float64(12*messages), messages
		}
		bytes += float64(touched * (head + 2 + float64(4*hit(fanout, int(each)))))
		prefixes *= fanout
	}
}

// hit is how many of m boxes are expected not to be empty if d balls fall into them:
// m(1-(1-1/m)^d), by squaring, so that it comes out alike on all machines.
func hit(m float64, d int) float64 {
	empty, power := 1.0, 1-1/m
	for ; d > 0; d /= 2 {
		if d&1 == 1 {
			empty = float64(empty * power)
		}
		power = float64(power * power)
	}
	return float64(m * (1 - empty))
}
