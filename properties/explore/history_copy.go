package explore

import (
	"encoding/binary"
	"maps"
	"slices"

	"phoenix/network"
)

// Clone implements Cloner.
func (h *History) Clone() Observer {
	c := &History{clients: make(map[network.ID]*client, len(h.clients)), flaw: h.flaw}
	for id, of := range h.clients { // order: each is copied
		c.clients[id] = &client{operations: slices.Clone(of.operations), open: of.open}
	}
	return c
}

// observerContent is the canonical encoding of an observer. There may be as many histories
// as states, so a History has one of its own, which takes a fraction of the time.
func observerContent(o Observer) ([]byte, error) {
	if h, ok := o.(*History); ok {
		return h.append(nil), nil
	}
	return encode(nil, o)
}

// append appends all of h: what is of no fixed length comes behind its length.
func (h *History) append(dst []byte) []byte {
	dst = appendText(dst, h.flaw)
	for _, id := range slices.Sorted(maps.Keys(h.clients)) {
		c := h.clients[id]
		dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(id)), c.open)
		dst = binary.AppendUvarint(dst, uint64(len(c.operations)))
		for i := range c.operations {
			dst = c.operations[i].append(dst)
		}
	}
	return dst
}

func (o *operation) append(dst []byte) []byte {
	dst = appendText(append(dst, byte(o.call.Kind)), o.call.Key)
	dst = binary.AppendVarint(binary.AppendVarint(dst, o.call.Value), o.call.Old)
	dst = binary.AppendVarint(appendText(dst, o.outcome), o.result.Value)
	known := byte(0)
	if o.result.OK {
		known = 1
	}
	dst = binary.AppendUvarint(append(dst, known), uint64(len(o.after)))
	for _, id := range slices.Sorted(maps.Keys(o.after)) {
		dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(id)), uint64(o.after[id]))
	}
	return dst
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}
