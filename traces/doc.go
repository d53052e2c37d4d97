// Package traces writes down what happened in a world, reads it back, shows it,
// and finds where two runs begin to differ.
//
// A Recorder observes a world and writes a log: the whole event stream, with
// the content of every message and operation, in a form that stays small and
// costs less time than the run itself. A Reader reads it, event by event, in
// memory that does not grow with the log, and says of a file that is damaged or
// torn where and how. WriteText shows a log to people, WriteJSONL to other
// programs; the Reader reads JSONL too, and both compressed by zstd. Diverge
// finds the first difference of two event sequences, Compare of two runs.
//
// A Failure is the other trace of a run that failed: not what happened, but
// what it takes to make it happen again. Shrink looks for the smallest failure that is
// like it, and Tell makes that a Story: the few events that matter, and why the run is
// wrong.
//
// # The binary log
//
// A log is the magic bytes "phxlog" 0x00 and the version 0x01, and then blocks:
// the length of what follows as 4 bytes (little-endian), and a zstd frame with
// a checksum. The contents of the blocks, one after the other, are records. A record
// never crosses blocks, so what precedes a tear is readable to the last whole
// block. Integers are varints as in encoding/binary, strings have their length
// before them.
//
// Each record begins with 2 bytes (little-endian). Their 6 lowest bits are the
// kind of an event (see sim.Kind), and the higher ones say which of these follow,
// in this order: the time since the event before; how many events back the cause
// is, or 0 for the cause of the event before; host and peer (plus one); ID; Arg and
// N; name; value. What does not follow is what can be guessed: no time has passed,
// the event before is the cause, Arg is the size of the value, N is 0, there is
// no name and no value; and for the others, of a delivery or a loss what was sent
// (looked up by the cause, up to 4,096 events back), otherwise the host of the
// event before, no peer, and the ID 0: of a Send or Invoke one more than the last,
// of a Return that of the last Invoke. The number of an event is one more than
// that of the event before.
//
// A name is 0 and a string, 1 and a string that gets the next number, or 2 plus
// such a number. A value is 0 for that of the last event that had one, or the
// number of its type, and the length and the bytes of its canonical encoding (see
// sim.AppendValue) without the 8 bytes for the type. Type 1 is a value that
// cannot be taken apart, with all its bytes; 2 is nil.
//
// Where the kind is 0, the higher bits are the number of another record: 1 the
// header, as JSON; 2 the name of the next host; 3 the next Go type; 4 the number
// of events and the digest so far; 5 the same and the end of the log. A type is
// its 8-byte number (see sim.TypeID), its reflect.Kind (plus 128 if it encodes
// itself), its name, and the types it is made of by their numbers (of an array
// also the length; of a struct the number of fields and, before each, its name).
// Types may be used before they are defined, but not in a value.
//
// The reader feeds the events to a world of its own and compares its digests
// with those of the log: an event that it yields is the one that happened.
package traces
