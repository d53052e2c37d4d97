package linear

import (
	"fmt"
	"slices"
	"strings"

	"phoenix/properties/history"
)

// grownWrong explains a read of a key that only appends change, where every
// value begins with every earlier one: a read that lacks a text whose append
// was acknowledged, that has what nobody appended or has it twice or in another
// order, or that does not fit another read.
func (e *explainer) grownWrong() ground {
	c := e.culprit
	changed := slices.ContainsFunc(e.ops, func(op *history.Operation) bool {
		_, sets := set(op)
		return sets
	})
	if c.Kind != history.Read || changed {
		return ground{}
	}
	return firstOf(e.lacksAppend, e.shrunk, e.neverAppended, e.diverged)
}

func (e *explainer) lacksAppend() ground {
	c := e.culprit
	var g ground
	for _, op := range e.ops {
		acknowledged := op.Kind == history.Append && op.Outcome == history.OK && before(op, c)
		if acknowledged && !strings.Contains(c.Out.Bare(), op.Arg.Bare()) {
			g = ground{fmt.Sprintf(", without %s, whose append was acknowledged", short(op.Arg)),
				fmt.Sprintf("%s has no %s, though it began after %s had returned", doing(c), short(op.Arg), whose(op)),
				[]*history.Operation{op, c}}
		}
	}
	return g
}

// shrunk and diverged compare the culprit with other reads.
func (e *explainer) shrunk() ground {
	c, seen := e.culprit, e.culprit.Out.Bare()
	for _, op := range e.ops {
		if other, read := e.saw(op); read && before(op, c) && len(seen) < len(other.Bare()) {
			return ground{", less than an earlier read had returned",
				fmt.Sprintf("%s, which had seen more", began(c, op)), []*history.Operation{op, c}}
		}
	}
	return ground{}
}

func (e *explainer) diverged() ground {
	c, seen := e.culprit, e.culprit.Out.Bare()
	for _, op := range e.ops {
		other, read := e.saw(op)
		if read && !strings.HasPrefix(other.Bare(), seen) && !strings.HasPrefix(seen, other.Bare()) {
			return ground{", which neither begins nor continues what another read returned",
				fmt.Sprintf("%s and %s contradict each other: neither text begins with the other, "+
					"as it must where texts only grow", whose(op), whose(c)), []*history.Operation{op, c}}
		}
	}
	return ground{}
}

// neverAppended explains a text that no appends make. It takes texts apart only
// where no appended text begins with another: then there is just one way.
func (e *explainer) neverAppended() ground {
	c := e.culprit
	rest, grown := strings.CutPrefix(c.Out.Bare(), e.opt.Init.Bare())
	of, texts := e.appended()
	if _, text := c.Out.Text(); !text || !grown || texts == nil || rest == "" {
		return ground{}
	}
	used := make(map[string]int)
	var earlier []*history.Operation // of the texts that were appended once
	for rest != "" {
		at, found := slices.BinarySearch(texts, rest)
		if !found {
			at-- // the last text below rest is the only one it may begin with
		}
		piece := ""
		if at >= 0 {
			piece = texts[at]
		}
		if piece == "" || !strings.HasPrefix(rest, piece) {
			return ground{", which nobody's appends make", fmt.Sprintf("%s has %s, which nothing had appended there",
				doing(c), short(history.Text(rest))), []*history.Operation{c}}
		}
		rest = rest[len(piece):]
		used[piece]++
		ops, name := of[piece], short(history.Text(piece))
		if used[piece] > len(ops) {
			return ground{fmt.Sprintf(", with %s more often than it was appended", name),
				fmt.Sprintf("%s has %s %s or more, though it was appended %s",
					doing(c), name, times(used[piece]), times(len(ops))),
				append(slices.Clip(ops), c)}
		}
		if len(ops) > 1 {
			continue
		}
		for _, op := range earlier {
			if before(ops[0], op) {
				return ground{fmt.Sprintf(", with %s before %s, though %s was appended first", short(op.Arg), name, name),
					fmt.Sprintf("%s has %s before %s, though %s", doing(c), short(op.Arg), name, inTurn(ops[0], op)),
					[]*history.Operation{ops[0], op, c}}
			}
		}
		earlier = append(earlier, ops[0])
	}
	return ground{}
}

// appended returns the appends of each text, and the texts in ascending order:
// none if one begins with another.
func (e *explainer) appended() (of map[string][]*history.Operation, texts []string) {
	of = make(map[string][]*history.Operation)
	for _, op := range e.ops {
		if text := op.Arg.Bare(); op.Kind == history.Append {
			if of[text] == nil {
				texts = append(texts, text)
			}
			of[text] = append(of[text], op)
		}
	}
	slices.Sort(texts)
	for i, text := range texts {
		if text == "" || (i > 0 && strings.HasPrefix(text, texts[i-1])) {
			return of, nil
		}
	}
	return of, texts
}

// times counts in words as far as people do.
func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}
