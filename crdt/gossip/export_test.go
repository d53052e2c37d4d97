package gossip

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"
)

// Sealed returns data with the checksum that makes a message of it.
func Sealed(data []byte) Message {
	return binary.LittleEndian.AppendUint32(append(Message(nil), data...), uint32(xxh3.Hash(data)))
}
