package chaos

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// line is the words of a fault, from the one that comes next.
type line struct {
	words []word
	at    int
	size  int // of the text, in bytes
}

type word struct {
	text   string
	quoted bool
	offset int // in the text of the fault, in bytes
}

// A WordError says which word of a fault's text is wrong, and what was expected.
type WordError struct {
	Offset  int // where the word begins, in bytes; the length of the text if a word is missing
	Problem string
}

// Error returns the problem.
func (e *WordError) Error() string { return e.Problem }

// blanks are what separates words. That a fault is written on one line is for plans.
const blanks = " \t\r\n"

// split cuts text into words.
func split(text string) ([]word, error) {
	var all []word
	size := len(text)
	for {
		text = strings.TrimLeft(text, blanks)
		if text == "" {
			return all, nil
		}
		if text[0] == '"' {
			q, err := strconv.QuotedPrefix(text)
			if err != nil {
				problem := fmt.Sprintf("word %d does not end, expected a Go string in double quotes", len(all)+1)
				return nil, &WordError{size - len(text), problem}
			}
			name, _ := strconv.Unquote(q)
			all, text = append(all, word{name, true, size - len(text)}), text[len(q):]
			continue
		}
		end := strings.IndexAny(text, blanks+`"`)
		if end < 0 {
			end = len(text)
		}
		all, text = append(all, word{text[:end], false, size - len(text)}), text[end:]
	}
}

// peek returns the next word, "" at the end and if it is quoted.
func (l *line) peek() string {
	if l.at < len(l.words) && !l.words[l.at].quoted {
		return l.words[l.at].text
	}
	return ""
}

// next returns the next word, which is there and not quoted, and goes past it.
func (l *line) next() string {
	w := l.peek()
	l.at++
	return w
}

// take goes past a word, if it comes next.
func (l *line) take(w string) bool {
	if l.peek() != w {
		return false
	}
	l.at++
	return true
}

func (l *line) expected(what string) error {
	if len(l.words) == 0 {
		return &WordError{0, "it is empty, expected " + what}
	}
	if l.at >= len(l.words) {
		return &WordError{l.size, fmt.Sprintf("it ends after word %d, expected %s", len(l.words), what)}
	}
	w := &l.words[l.at]
	return &WordError{w.offset, fmt.Sprintf("word %d is %.60q, expected %s", l.at+1, w.text, what)}
}

// name takes one name.
func (l *line) name() (string, error) {
	if l.at < len(l.words) && l.words[l.at].text != "" && (l.words[l.at].quoted || isPlain(l.words[l.at].text)) {
		l.at++
		return l.words[l.at-1].text, nil
	}
	return "", l.expected("a name" + l.unquoted())
}

// unquoted says what to do if the next word could be a name but for the quotes.
func (l *line) unquoted() string {
	if l.peek() == "" || l.peek() == "|" {
		return ""
	}
	return ": this word needs quotes to be one"
}

// target takes as many names as come, after a number or share of them.
func (l *line) target() (Target, error) {
	var t Target
	if p := l.peek(); p != "" && l.at+1 < len(l.words) && l.words[l.at+1].text == "of" && !l.words[l.at+1].quoted {
		n, err := strconv.Atoi(p)
		share, errShare := sim.ParseProb(p)
		switch {
		case err == nil && n > 0:
			t.Count = n
		case strings.HasSuffix(p, "%") && errShare == nil && share > 0:
			t.Share = share
		default:
			return t, l.expected("how many, such as 2 or 40%")
		}
		l.at += 2
	}
	for {
		name, err := l.name()
		if err != nil {
			if len(t.Of) == 0 {
				return t, l.expected("the names of hosts" + l.unquoted())
			}
			return t, nil
		}
		t.Of = append(t.Of, name)
	}
}

// delay takes a delay: up to the closing bracket, as in uniform(1ms, 2ms). One from a
// file is refused: a plan says all that it means.
func (l *line) delay() (network.Delay, error) {
	at, text := l.at, l.peek()
	if text == "" || strings.HasPrefix(text, fromFile) {
		return network.Delay{}, l.expected("a delay such as 10ms or uniform(1ms, 10ms)")
	}
	l.at++
	for strings.Contains(text, "(") && !strings.HasSuffix(text, ")") && l.peek() != "" {
		text += " " + l.next()
	}
	d, err := network.ParseDelay(text)
	if err != nil {
		l.at = at
		return d, l.expected("a delay such as 10ms or uniform(1ms, 10ms)")
	}
	return d, nil
}

// fromFile is how the text of a delay begins that is read from a file.
const fromFile = "empirical("

// duration takes a duration.
func (l *line) duration() (time.Duration, error) {
	d, err := time.ParseDuration(l.peek())
	if err != nil {
		return 0, l.expected("a duration such as 1.5s or 200ms")
	}
	l.at++
	return d, nil
}

// number takes a whole number.
func (l *line) number() (int64, error) {
	n, err := strconv.ParseInt(l.peek(), 10, 64)
	if err != nil {
		return 0, l.expected("a whole number")
	}
	l.at++
	return n, nil
}
