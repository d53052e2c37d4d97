package nodes

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Op is one step of a client's script, as data. The zero value reads the key
// named "" at once.
//
// A CAS replaces what the client last saw under the key: what it last read,
// wrote or was told there, or nothing at all if it has not touched the key.
type Op struct {
	Wait  time.Duration // before the operation is invoked, from the end of the last
	Kind  Kind
	Key   string
	Value int64 // what a write or a CAS leaves: not 0; 0 for a read
}

// String returns op in the form that ParseOp reads: "read x", "write x 7" or
// "cas x 7", after "after 12ms " if it waits. A key that is not made of ASCII
// letters, digits and any of -_./: is quoted as in Go.
func (op Op) String() string {
	wait := ""
	if op.Wait != 0 {
		wait = "after " + op.Wait.String() + " "
	}
	if op.Kind == Read {
		return wait + "read " + quoteKey(op.Key)
	}
	return fmt.Sprintf("%s%s %s %d", wait, op.Kind, quoteKey(op.Key), op.Value)
}

func quoteKey(key string) string {
	plain := key != ""
	for i := range len(key) {
		c := key[i]
		plain = plain && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_./:", c) >= 0)
	}
	if plain {
		return key
	}
	return strconv.Quote(key)
}

// opForms is what ParseOp expects.
const opForms = "read KEY, write KEY VALUE or cas KEY VALUE, with or without after DURATION before it"

// ParseOp reads what String prints. Words are separated by spaces or tabs. An
// error says which part is wrong and what was expected there; it does not know
// of files and lines.
func ParseOp(text string) (Op, error) {
	op, err := parseOp(text)
	if err != nil {
		return Op{}, fmt.Errorf("operation %s: %w", excerpt(text), err)
	}
	return op, nil
}

func parseOp(text string) (Op, error) {
	var op Op
	word, rest := nextWord(text)
	if word == "after" {
		var err error
		word, rest = nextWord(rest)
		if op.Wait, err = time.ParseDuration(word); err != nil || op.Wait < 0 {
			return Op{}, fmt.Errorf("wait %s: expected a duration such as 12ms, not negative", excerpt(word))
		}
		word, rest = nextWord(rest)
	}
	switch word {
	case "read":
		op.Kind = Read
	case "write":
		op.Kind = Write
	case "cas":
		op.Kind = CAS
	default:
		return Op{}, fmt.Errorf("got %s, expected %s", excerpt(word), opForms)
	}
	var err error
	if op.Key, rest, err = nextKey(rest); err != nil {
		return Op{}, err
	}
	if op.Kind != Read {
		word, rest = nextWord(rest)
		if op.Value, err = strconv.ParseInt(word, 10, 64); err != nil || op.Value == 0 {
			return Op{}, fmt.Errorf("value %s: expected a whole number of 64 bits other than 0, which means absent", excerpt(word))
		}
	}
	if word, _ = nextWord(rest); word != "" {
		return Op{}, fmt.Errorf("got %s at the end, expected %s", excerpt(word), opForms)
	}
	return op, nil
}

const blanks = " \t"

func nextWord(text string) (word, rest string) {
	text = strings.TrimLeft(text, blanks)
	if end := strings.IndexAny(text, blanks); end >= 0 {
		return text[:end], text[end:]
	}
	return text, ""
}

// nextKey takes a key off text: a word, or a quoted string.
func nextKey(text string) (key, rest string, err error) {
	text = strings.TrimLeft(text, blanks)
	if !strings.HasPrefix(text, `"`) {
		key, rest = nextWord(text)
		if key == "" || quoteKey(key) != key {
			return "", "", fmt.Errorf("key %s: expected ASCII letters, digits and -_./:, or a Go string in double quotes", excerpt(key))
		}
		return key, rest, nil
	}
	quoted, err := strconv.QuotedPrefix(text)
	if err == nil {
		key, err = strconv.Unquote(quoted)
	}
	rest = strings.TrimPrefix(text, quoted)
	if err == nil && rest != "" && strings.IndexByte(blanks, rest[0]) < 0 {
		err = errors.New("no space after it")
	}
	if err != nil {
		return "", "", fmt.Errorf("key %s: expected a Go string in double quotes", excerpt(text))
	}
	return key, rest, nil
}

// MarshalText returns String, so that documents hold operations as text.
func (op Op) MarshalText() ([]byte, error) { return []byte(op.String()), nil }

// UnmarshalText is ParseOp. On an error op is left as it was.
func (op *Op) UnmarshalText(text []byte) error {
	parsed, err := ParseOp(string(text))
	if err != nil {
		return err
	}
	*op = parsed
	return nil
}

// excerpt quotes text for an error message, and only the beginning of a long one.
func excerpt(text string) string {
	const most = 60
	if len(text) <= most {
		return strconv.Quote(text)
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return strconv.Quote(text[:end]) + "..."
}
