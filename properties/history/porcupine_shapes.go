package history

import "bytes"

// input sets what o does and takes.
func (r *porcupineReader) input(in int, o *Operation) error {
	if name := r.etcdRequest(in); name != "" {
		return r.etcdInput(name, in, o)
	}
	var err error
	if o.Kind, err = r.kind(in); err != nil {
		return err
	}
	if key := r.get(in, "key"); key != 0 && r.tape[key].kind != formNil {
		if err = r.key(key, &o.Key); err != nil {
			return err
		}
	}
	switch {
	case o.Kind == CAS:
		if err = r.value(r.first(in, "old", "expected", "arg1"), &o.Old); err != nil {
			return err
		}
		return r.value(r.first(in, "new", "value", "arg", "arg2"), &o.Arg)
	case o.Kind.Takes():
		return r.value(r.first(in, "value", "new", "arg", "arg1"), &o.Arg)
	}
	return nil
}

// kind returns what an operation does, by its name or by how porcupine's
// examples number it.
func (r *porcupineReader) kind(in int) (Kind, error) {
	f := &r.tape[r.first(in, "op", "f", "kind", "type")]
	if word, ok := r.word(f); ok {
		if kind, ok := parseKind(bytes.ToLower(word)); ok {
			return kind, nil
		}
	}
	swaps := r.get(in, "arg1") != 0 && r.get(in, "arg2") != 0 || r.first(in, "old", "expected") != 0
	switch {
	case f.kind == formBool && f.num == 1, f.kind == formInt && f.num == 0:
		return Read, nil
	case f.kind == formBool, f.kind == formInt && f.num == 1:
		return Write, nil
	case f.kind == formInt && f.num == 2 && swaps:
		return CAS, nil
	case f.kind == formInt && f.num == 2:
		return Append, nil
	}
	return 0, r.wrong("read, write, cas or another kind of operation, or 0, 1 or 2, as \"op\" of \"Input\"", f)
}

// outcome sets what is known of o, which returned. The output may be absent.
func (r *porcupineReader) outcome(in, out int, o *Operation) error {
	if r.is(out, "failed") || r.text(out, "clienterror") != "" {
		o.Outcome = Failed
		return nil
	}
	place := out
	if r.tape[out].kind == formMap {
		place = r.get(out, "ok")
	}
	answer, answered := r.boolean(place)
	switch {
	case !answered && (o.Kind == CAS || o.Kind == Contains):
		return r.wrong("a boolean or {\"ok\": boolean} as \"Output\" of a "+o.Kind.String()+" that returned", &r.tape[place])
	case o.Kind == CAS && !answer:
		o.Outcome = Failed
	case answered && o.Kind.Answers():
		o.Out = Bool(answer)
	case o.Kind.Returns() && r.etcdRequest(in) != "":
		return r.etcdOutput(in, out, o)
	case o.Kind.Returns():
		return r.returned(out, o)
	}
	return nil
}

// returned sets what a read, dequeue or pop returned.
func (r *porcupineReader) returned(out int, o *Operation) error {
	if r.tape[out].kind == formNone {
		return r.wrong("an \"Output\" of a "+o.Kind.String()+" that returned", &r.tape[out])
	} else if r.tape[out].kind != formMap {
		return r.value(out, &o.Out)
	}
	exists, known := r.boolean(r.get(out, "exists"))
	ok, answered := r.boolean(r.get(out, "ok"))
	nothing := known && !exists || answered && !ok && o.Kind != Read
	value := r.get(out, "value")
	if nothing || value == 0 {
		return nil
	}
	return r.value(value, &o.Out)
}
