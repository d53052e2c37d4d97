package history

import (
	"strconv"
	"strings"
)

// description says what a process that is no client did, such as ":nemesis
// :start :isolated".
func (r *eventReader) description() string {
	process, _ := r.word(r.field(fieldProcess))
	words := []string{":" + string(process)}
	for _, place := range []int{r.at[fieldF], r.at[fieldValue]} {
		f := &r.tape[place]
		if f.kind == formList && f.items > 0 {
			f = &r.tape[place+1] // what happened, before to whom
		}
		switch f.kind {
		case formKeyword:
			words = append(words, ":"+string(f.text))
		case formText:
			words = append(words, string(f.text))
		case formInt:
			words = append(words, strconv.FormatInt(f.num, 10))
		}
	}
	return strings.Join(words, " ")
}

// mark records a moment, one of JSONL's lines that belong to no operation.
func (r *eventReader) mark() error {
	label, err := r.label()
	if err == nil {
		r.src.rec.Mark(label)
	}
	return err
}

// fault records the beginning or the end of something that lasts.
func (r *eventReader) fault(begins bool) error {
	f := r.field(fieldFault)
	if f.kind != formInt {
		return r.wrongField("an integer", fieldFault)
	}
	number := int(f.num)
	index, lasts := r.faults[number]
	switch {
	case begins && lasts:
		return r.src.errorf(r.begun, "fault %d begins again before its heal", number)
	case !begins && !lasts:
		return r.src.errorf(r.begun, "expected fault %d before its heal", number)
	case !begins:
		r.src.rec.End(index)
		delete(r.faults, number)
		return nil
	}
	label, err := r.label()
	if err != nil {
		return err
	}
	if r.faults == nil {
		r.faults = make(map[int]int)
	}
	r.faults[number] = r.src.rec.Begin(label)
	return nil
}

func (r *eventReader) label() (string, error) {
	if f := r.field(fieldLabel); f.kind != formText && f.kind != formNone && f.kind != formNil {
		return "", r.wrongField("a string", fieldLabel)
	}
	return string(r.field(fieldLabel).text), nil
}
