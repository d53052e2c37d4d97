package gossip

// Stats count what a replica did since it booted. They are no part of its state.
type Stats struct {
	Sent, Received Traffic
	// Shipped are the entries of the payloads sent: the pieces of their join
	// decompositions, the events if the type is causal, 1 each if it does not split.
	Shipped       uint64
	Rounds        uint64 // rounds in which somebody was spoken to
	Full          uint64 // whole states sent
	Redundant     uint64 // payloads received that held nothing new
	Gaps          uint64 // payloads received whose beginning was missing, dropped
	Stale         uint64 // messages of earlier boots, dropped
	Damaged       uint64 // messages that did not decode, dropped
	Buffered      int    // deltas kept for peers now
	BufferedBytes int    // of their encodings
}

// Traffic counts messages and their bytes. What is not payload, encoded states and
// deltas, is Metadata: numbers, checksums, digests and so on.
type Traffic struct{ Messages, Payload, Metadata uint64 }

// Bytes returns the size of all messages.
func (t Traffic) Bytes() uint64 { return t.Payload + t.Metadata }

// Add adds o to t.
func (t *Traffic) Add(o Traffic) {
	t.Messages += o.Messages
	t.Payload += o.Payload
	t.Metadata += o.Metadata
}
