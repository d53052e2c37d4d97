package chaos

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// String returns the fault's text, such as "at 1s for 500ms crash s1": what
// ParseFault reads.
func (f Fault) String() string { return f.text(true) }

func (f *Fault) text(timed bool) string {
	var words []string
	if timed && (f.At != 0 || !f.atOnce()) {
		words = append(words, "at "+f.At.String())
	}
	if timed && f.For != 0 {
		words = append(words, "for "+f.For.String())
	}
	words = append(words, string(f.Kind))
	for _, p := range forms[f.Kind].parts {
		if s := p.print(f); s != "" {
			words = append(words, s)
		}
	}
	if f.Name != "" && f.Kind != End {
		words = append(words, "as "+quoteName(f.Name))
	}
	return strings.Join(words, " ")
}

// MaxText is how long the text of a fault can be, in bytes.
const MaxText = 1 << 16

// ParseFault reads what Fault.String prints: of a fault that Validate accepts it
// returns the canonical form. Words are separated by blanks; what is not a plain word
// is quoted as in Go. The error wraps a *WordError: which word is wrong, and what was
// expected.
func ParseFault(text string) (Fault, error) {
	f, err := parseFault(text)
	if err != nil {
		return Fault{}, fmt.Errorf("fault %.80q: %w", text, err)
	}
	return f, nil
}

func parseFault(text string) (f Fault, err error) {
	if len(text) > MaxText {
		return f, &WordError{MaxText, fmt.Sprintf("has %d bytes, expected at most %d", len(text), MaxText)}
	}
	l := &line{size: len(text)}
	if l.words, err = split(text); err != nil {
		return f, err
	}
	if l.take("at") {
		if f.At, err = l.duration(); err != nil {
			return f, err
		}
	}
	if l.take("for") {
		if f.For, err = l.duration(); err != nil {
			return f, err
		}
		if f.For == 0 { // that would mean until the end, which is said by leaving it out
			l.at--
			return f, l.expected("a positive duration")
		}
	}
	form, ok := forms[Kind(l.peek())]
	if !ok {
		return f, l.expected("one of " + join(kinds))
	}
	f.Kind = form.Kind
	l.at++
	if err := l.rest(&f, form); err != nil {
		return f, fmt.Errorf("%w; it is written: %s", err, form.Written)
	}
	return f, nil
}

// rest takes what follows the kind.
func (l *line) rest(f *Fault, form form) (err error) {
	for _, p := range form.parts {
		if err = p.parse(l, f); err != nil {
			return err
		}
	}
	if f.Kind != End && l.take("as") {
		if f.Name, err = l.name(); err != nil {
			return err
		}
	}
	if l.at < len(l.words) {
		return l.expected("nothing more")
	}
	return nil
}

// MarshalText returns String, so that documents hold faults as text.
func (f Fault) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText is ParseFault. On an error f is left as it was.
func (f *Fault) UnmarshalText(text []byte) error {
	parsed, err := ParseFault(string(text))
	if err != nil {
		return err
	}
	*f = parsed
	return nil
}

// plain is what names are made of that need no quotes.
var plain = regexp.MustCompile(`^[#A-Za-z_][A-Za-z0-9_.:/-]*$`)

func isPlain(name string) bool { return !words[name] && plain.MatchString(name) }

func quoteName(name string) string {
	if isPlain(name) {
		return name
	}
	return strconv.Quote(name)
}

// join lists kinds for people.
func join(all []Kind) string {
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}
