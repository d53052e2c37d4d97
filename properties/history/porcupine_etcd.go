package history

import "fmt"

// etcdValue returns what the object at the place, a short value or the hash of a
// long one, stands for.
func (r *porcupineReader) etcdValue(at int) Value {
	text := r.text(at, "Value")
	if hash, there, err := r.number(at, "Hash"); text == "" && err == nil && there && hash != 0 {
		return Int(hash)
	}
	return Text(text)
}

// etcdRequest returns the type of a request of etcd's, or nothing.
func (r *porcupineReader) etcdRequest(in int) string {
	switch string(r.tape[r.get(in, "Type")].text) {
	case "range":
		return "range"
	case "txn":
		return "txn"
	case "leaseGrant", "leaseRevoke", "defragment", "compact":
		return "other"
	}
	return ""
}

// only returns the place of the only item of the list at the place, 0 if it is
// no list of one.
func (r *porcupineReader) only(list int) int {
	if r.tape[list].kind != formList || r.tape[list].items != 1 {
		return 0
	}
	return list + 1
}

// etcdInput sets what o does and takes to what the request called name says: see
// tests/robustness/model/types.go in etcd's repository.
func (r *porcupineReader) etcdInput(name string, in int, o *Operation) error {
	if name == "range" {
		return r.etcdRange(r.get(in, "Range"), o)
	}
	txn := r.get(in, "Txn")
	op := r.only(r.get(txn, "OperationsOnSuccess"))
	others := r.tape[r.get(txn, "Conditions")].items + r.tape[r.get(txn, "OperationsOnFailure")].items
	switch kind := r.text(op, "Type"); {
	case name == "txn" && others > 0:
		return r.etcdRefused("a txn with conditions")
	case kind == "range-operation":
		return r.etcdRange(r.get(op, "Range"), o)
	case kind == "put-operation":
		put := r.get(op, "Put")
		if lease := &r.tape[r.get(put, "LeaseID")]; lease.num != 0 {
			return r.etcdRefused("a put with a lease")
		}
		o.Kind, o.Arg = Write, r.etcdValue(r.get(put, "Value"))
		return r.key(r.get(put, "Key"), &o.Key)
	case kind == "delete-operation":
		o.Kind = Write
		return r.key(r.get(r.get(op, "Delete"), "Key"), &o.Key)
	case name == "txn":
		return r.etcdRefused(fmt.Sprintf("a txn of %d operations", r.tape[r.get(txn, "OperationsOnSuccess")].items))
	}
	return r.etcdRefused("a " + string(r.tape[r.get(in, "Type")].text))
}

func (r *porcupineReader) etcdRange(at int, o *Operation) error {
	switch {
	case r.text(at, "End") != "":
		return r.etcdRefused("a range of several keys")
	case r.tape[r.get(at, "Revision")].num != 0:
		return r.etcdRefused("a range at an old revision")
	}
	o.Kind = Read
	return r.key(r.get(at, "Start"), &o.Key)
}

func (r *porcupineReader) etcdRefused(found string) error {
	return r.src.errorf(r.begun, "expected a range of one key at the latest revision, or a txn of one put, delete or such range "+
		"without conditions and leases, found %s", found)
}

// etcdOutput sets what a range of one key returned.
func (r *porcupineReader) etcdOutput(in, out int, o *Operation) error {
	result := r.get(out, "Range")
	if r.etcdRequest(in) == "txn" {
		result = r.only(r.get(r.get(out, "Txn"), "Results"))
	}
	kvs := r.get(result, "KVs")
	switch {
	case r.tape[result].kind != formMap || r.tape[kvs].items > 1:
		return r.wrong("the result of a range of one key as \"Output\"", &r.tape[result])
	case r.tape[kvs].items == 1:
		o.Out = r.etcdValue(r.get(kvs+1, "Value"))
	}
	return nil
}
