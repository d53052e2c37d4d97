package network

// Operations returns the number of the last operation that a node invoked, 0 before the
// first one.
func (n *Network) Operations() uint64 { return n.operations }

// NumberOperations has the next operation get the number after last. It is for a world that
// does again what each of its nodes did alone, with numbers of its own: see Solo. Whoever
// reads the event stream has to tell operations of different nodes apart then.
func (n *Network) NumberOperations(last uint64) { n.operations = last }
