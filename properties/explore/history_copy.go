package explore

import (
	"encoding/binary"
	"slices"
)

// Clone implements Cloner. What clients did is shared, since it never changes.
func (h *History) Clone() Observer {
	c := &History{clients: slices.Clone(h.clients), flaw: h.flaw}
	c.judged.Store(h.judged.Load())
	return c
}

// append appends the canonical encoding of h: what is of no fixed length comes behind its
// length. There may be as many histories as states, so a History does not have it from
// encode: most of it is known already.
func (h *History) append(dst []byte) []byte {
	dst = appendText(dst, h.flaw)
	for i := range h.clients {
		c := &h.clients[i]
		dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(c.id)), c.open)
		dst = binary.AppendUvarint(dst, uint64(len(c.operations)))
		for _, op := range c.operations {
			dst = append(dst, op.content...)
		}
	}
	return dst
}

// keep notes the encoding of o.
func (o *operation) keep() {
	var most [128]byte
	dst := appendText(append(most[:0], byte(o.call.Kind)), o.call.Key)
	dst = binary.AppendVarint(binary.AppendVarint(dst, o.call.Value), o.call.Old)
	dst = binary.AppendVarint(appendText(dst, o.outcome), o.result.Value)
	known := byte(0)
	if o.result.OK {
		known = 1
	}
	dst = binary.AppendUvarint(append(dst, known), uint64(len(o.after)))
	for _, s := range o.after {
		dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(s.client)), uint64(s.last))
	}
	o.content = string(dst)
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}
