package explore

import "slices"

// rows is a queue of states, packed: most numbers in a row take two bytes, and a queue of rows
// as they are would be most of the memory of a search.
//
// A row is its sum, twice the number of words behind its length, plus one if some of them
// take four bytes, and these words.
type rows struct {
	packed  []uint16
	n       int
	counted int64 // bytes that the search has counted
}

func (q *rows) bytes() int64 { return 2 * int64(cap(q.packed)) }

const packedHead = 6

// push appends a row.
func (q *rows) push(r row) {
	words, at := r[rowLength+1:], len(q.packed)
	if need := packedHead + 2*len(words); cap(q.packed)-at < need {
		q.packed = slices.Grow(q.packed, need)
	}
	q.packed = q.packed[:at+packedHead+len(words)]
	to, head := q.packed[at:], uint32(len(words))<<1
	if narrow(to[packedHead:], words) >= 1<<16 {
		head++
		q.packed = q.packed[:at+packedHead+2*len(words)]
		to = q.packed[at:]
		for i, w := range words {
			to[packedHead+2*i], to[packedHead+2*i+1] = uint16(w), uint16(w>>16)
		}
	}
	to[0], to[1], to[2], to[3] = uint16(r[0]), uint16(r[0]>>16), uint16(r[1]), uint16(r[1]>>16)
	to[4], to[5] = uint16(head), uint16(head>>16)
	q.n++
}

// narrow stores the lower halves of words, and returns which bits some of the words have.
func narrow(to []uint16, words []uint32) (bits uint32) {
	to = to[:len(words)]
	for i, w := range words {
		to[i] = uint16(w)
		bits |= w
	}
	return bits
}

// unpack moves the first row of packed, of a model in which what is before the network takes
// head words, to dst, and returns what is behind it too.
func unpack(dst row, packed []uint16, head int) (row, []uint16) {
	n := int(packed[4])>>1 | int(packed[5])<<15
	wide := packed[4]&1 != 0
	if cap(dst) <= rowLength+n {
		dst = make(row, 2*(rowLength+1+n))
	}
	dst = dst[:rowLength+1+n]
	dst[0], dst[1] = uint32(packed[0])|uint32(packed[1])<<16, uint32(packed[2])|uint32(packed[3])<<16
	dst[rowLength] = uint32(len(dst) - head)
	words, from := dst[rowLength+1:], packed[packedHead:]
	if wide {
		for i := range words {
			words[i] = uint32(from[2*i]) | uint32(from[2*i+1])<<16
		}
		return dst, from[2*n:]
	}
	for i, w := range from[:len(words)] {
		words[i] = uint32(w)
	}
	return dst, from[n:]
}
