package history

import (
	"bufio"
	"fmt"
)

// writePorcupine writes the operations of h, which have real moments and not
// only an order, and then its annotations. See PorcupineJSON.
func (h *History) writePorcupine(out *bufio.Writer) error {
	var b []byte
	for i := range h.Operations {
		b = appendPorcupine(b[:0], &h.Operations[i])
		if _, err := out.Write(append(b, '\n')); err != nil {
			return err
		}
	}
	for _, a := range h.Annotations {
		b = appendQuoted(fmt.Appendf(b[:0], `{"Start":%d,"End":%d,"Description":`, a.From, a.To), a.Label)
		if _, err := out.Write(append(b, '}', '\n')); err != nil {
			return err
		}
	}
	return nil
}

func appendPorcupine(b []byte, o *Operation) []byte {
	b = fmt.Appendf(b, `{"ClientId":%d,"Input":{"op":"%v"`, o.Client, o.Kind)
	b = appendTextField(b, "key", o.Key)
	if o.Kind == CAS {
		b = jsonNotation.value(append(b, `,"old":`...), o.Old)
		b = jsonNotation.value(append(b, `,"new":`...), o.Arg)
	} else if o.Kind.Takes() {
		b = jsonNotation.value(append(b, `,"value":`...), o.Arg)
	}
	b = fmt.Appendf(b, `},"Call":%d`, o.Call)
	if o.Outcome != Unknown {
		b = append(o.appendOutput(append(b, `,"Output":{`...)), '}')
		b = fmt.Appendf(b, `,"Return":%d`, o.Return)
	}
	if o.Node != "" || o.CallTime != 0 || o.ReturnTime != 0 {
		b = appendQuoted(append(b, `,"Metadata":{"node":`...), o.Node)
		b = fmt.Appendf(b, `,"callTime":%d,"returnTime":%d}`, o.CallTime, o.ReturnTime)
	}
	return append(b, '}')
}

// appendOutput appends the fields that say how o ended.
func (o *Operation) appendOutput(b []byte) []byte {
	answer, answered := o.Out.Bool()
	switch {
	case o.Kind == CAS:
		return fmt.Appendf(b, `"ok":%t`, o.Outcome == OK)
	case o.Outcome == Failed:
		return append(b, `"failed":true`...)
	case o.Kind.Returns():
		return jsonNotation.value(append(b, `"value":`...), o.Out)
	case o.Kind.Answers() && answered:
		return fmt.Appendf(b, `"ok":%t`, answer)
	}
	return b
}
