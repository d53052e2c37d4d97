// Package sketch finds what two sets of 64-bit hashes differ in, with messages about as
// long as the difference. It is pure: nothing is sent, salts are arguments.
//
// A [Set] keeps all that is needed while items come and go:
//
//   - [Set.Digest], 16 bytes: are the sets equal?
//   - [Set.Profile] and [Estimate], about 130 bytes: how much do they differ?
//   - [Choose]: what is the cheapest way to find it?
//   - [Set.Encoder] or [Set.Standing] on one side and a [Decoder] on the other: the rateless
//     IBLT, about 1.4 symbols of 13 bytes for each difference and one message more than
//     the estimate; the decoding side learns both halves of the difference.
//   - [Set.Walk] on one side and [Set.Answer] on the other: the hash trie, some hundred
//     bytes for each of a few differences, log16(n)/2+1 round trips, nothing that can fail.
//
// # A session by sketch
//
//	sender:   enc := set.Encoder(salt); send enc.Next(n), and more when asked
//	receiver: dec := sketch.NewDecoder(set.Encoder(salt)); dec.Feed(block) until dec.Done()
//	          dec.Verified(), then ask for dec.Missing() and send dec.Extra()
//
// ErrInconsistent, or a difference that is not Verified, ends the session. Draw another
// salt and begin anew, or go by the trie.
//
// # Trust
//
// Nothing here is proof against who chooses items to collide: hashes are fast, not
// cryptographic. Damaged messages are found by the digest at the end, and never panic.
package sketch
