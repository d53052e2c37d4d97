package history

import (
	"bytes"
	"regexp"
)

// Elle holds events as elle-cli reads them, as JSON objects in one array or one
// after another:
//
//	{"type":"invoke","process":0,"f":"txn","value":[["w","x",2]],"time":1000}
//	{"type":"ok","process":0,"f":"txn","value":[["w","x",2]],"time":9000}
//
// The type is invoke, ok, fail or info. The value of a txn is a list with one
// micro-operation, ["r", key, value] or ["w", key, value]: a transaction of
// several cannot be judged as operations of registers. Names may begin with a
// colon. A key is an integer or a string; a value null, a boolean, an integer, a
// string or a list of those. The value of a fail or an info does not matter.
// Such a list under another f is a transaction, too. Other events are what they
// are in JSONL and EDN, with an optional "key", or with [key, value] tuples (see
// Keyed). What a process does whose name is a string, such as nemesis, becomes
// an annotation.
const Elle Format = "elle"

var (
	microOps = regexp.MustCompile(`"value"\s*:\s*\[\s*\[\s*":?(r|w|append)"`)
	jsonTxn  = regexp.MustCompile(`"f"\s*:\s*":?txn"`)
)

// looksLikeElle reports whether a file that begins with head, and that
// looksLikePorcupine said is none of its, is an Elle history: an array of
// objects, or objects with transactions.
func looksLikeElle(head []byte) bool {
	inside, isArray := bytes.CutPrefix(head, []byte("["))
	return isArray && startsObject(bytes.TrimLeft(inside, blanks)) ||
		startsObject(head) && (jsonTxn.Match(head) || microOps.Match(head))
}

// isTxn reports whether the value of the event shows a transaction, in a format
// where a list of a list is nothing else.
func (r *eventReader) isTxn() bool {
	at := r.at[fieldValue]
	return r.shapes && r.tape[at].kind == formList && r.tape[at].items > 0 && r.tape[at+1].kind == formList
}

// transaction reads the only micro-operation of the event. That of a fail or an
// info may be missing, so it is what the process has invoked.
func (r *eventReader) transaction(e *Event) error {
	if e.Type == FailEvent || e.Type == InfoEvent {
		if i, ok := r.src.rec.running[e.Process]; ok && i != crashed {
			e.Kind = r.src.rec.history.Operations[i].Kind
		}
		return nil
	}
	const expected = "one micro-operation, [r, key, value] or [w, key, value], as the value of a transaction"
	at := r.at[fieldValue]
	txn := &r.tape[at]
	switch {
	case txn.kind != formList:
		return r.wrong(expected, txn)
	case txn.items != 1:
		return r.src.errorf(txn.line, "expected %s, found %d: only one is an operation of a register", expected, txn.items)
	}
	op := at + 1
	if r.tape[op].kind != formList || r.tape[op].items != 3 {
		return r.wrong("[r, key, value] or [w, key, value] as a micro-operation", &r.tape[op])
	}
	word, _ := r.word(&r.tape[op+1])
	switch string(word) {
	case "r":
		e.Kind = Read
	case "w":
		e.Kind = Write
	case "append":
		return r.src.errorf(r.tape[op].line, "expected a micro-operation r or w of a register, found append: lists are not registers")
	default:
		return r.wrong("r or w as the name of a micro-operation", &r.tape[op+1])
	}
	if err := r.key(r.item(op, 1), &e.Key); err != nil || e.Kind == Read && e.Type == InvokeEvent {
		return err
	}
	return r.value(r.item(op, 2), &e.Value)
}
