package traces

import (
	"fmt"
	"reflect"
	"strings"

	"phoenix/nodes"
	"phoenix/sim"
)

// addMessage adds the delivery of a message.
func (t *teller) addMessage(d *sim.Event) {
	text := fmt.Sprintf("%s tells %s: %s", t.name(d.Peer), t.name(d.Host), t.content(d))
	if send := t.event(d.Cause); send != nil && send.Kind == sim.Send {
		text += ", " + d.At.Sub(send.At).String() + " under way"
	}
	t.add(d.At, d.Seq, text)
}

// content is what is in a message, given its delivery, loss or sending.
func (t *teller) content(e *sim.Event) string {
	value := e.Value
	if send := t.event(e.Cause); value == nil && send != nil && send.Kind == sim.Send {
		value = send.Value
	}
	const most = 80 // characters
	text := []rune(strings.TrimSpace(fmt.Sprintf("%T %v", value, value)))
	if _, ok := value.(fmt.Stringer); ok {
		text = []rune(fmt.Sprint(value))
	}
	if len(text) > most {
		text = append(text[:most-1], '…')
	}
	return string(text)
}

// carried adds the message that brought what op read to the server that answered.
func (t *teller) carried(op operation) {
	inv, ok := op.call.Value.(nodes.Invocation)
	if !ok || op.end == nil || !isRead(op.call) || !t.isServer(op.server) {
		return
	}
	r, ok := op.end.Value.(nodes.Result)
	if !ok || r.Value == 0 {
		return
	}
	for i := range t.events[:op.end.Seq] {
		e := &t.events[i]
		if e.Kind != sim.Deliver || e.Host != op.server || !t.isServer(e.Peer) || e.Peer == e.Host {
			continue
		}
		send := t.event(e.Cause)
		if send != nil && carries(reflect.ValueOf(send.Value), inv.Key, r.Value, 0) {
			t.addMessage(e)
			return
		}
	}
}

// carries reports whether a message has a value under a field called Value, or under the
// key in a map.
func carries(v reflect.Value, key string, value int64, depth int) bool {
	const deepest = 8
	if depth > deepest || !v.IsValid() {
		return false
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return carries(v.Elem(), key, value, depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Field(i)
			if v.Type().Field(i).Name == "Value" && f.CanInt() && f.Int() == value || carries(f, key, value, depth+1) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if carries(v.Index(i), key, value, depth+1) {
				return true
			}
		}
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			return false
		}
		held := v.MapIndex(reflect.ValueOf(key).Convert(v.Type().Key()))
		return held.IsValid() && (held.CanInt() && held.Int() == value || carries(held, key, value, depth+1))
	}
	return false
}
