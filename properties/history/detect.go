package history

import (
	"bytes"
	"fmt"
	"strings"
)

const blanks = " \t\r\n,\ufeff"

// detect tells the format from what is in memory after blanks and comments.
func (src *source) detect(w *window) (Format, error) {
	line, head := w.line, w.rest()
	for len(head) > 0 {
		text, rest, _ := bytes.Cut(head, []byte("\n"))
		if text = bytes.TrimLeft(text, blanks); len(text) == 0 || text[0] == ';' {
			line, head = line+1, rest
			continue
		}
		if format := formatOf(bytes.TrimLeft(head, blanks)); format != Auto {
			return format, nil
		}
		return Auto, src.errorf(line, "expected a history as EDN maps, Jepsen log or JSON lines, found %s", excerpt(text))
	}
	switch {
	case bytes.IndexByte(w.data, ';') >= 0:
		return EDN, nil // comments only: an empty history
	case w.in != nil:
		return Auto, src.errorf(1, "expected a history, found %d blanks", len(w.data))
	}
	return Auto, src.errorf(1, "expected a history, found an empty file")
}

// formatOf returns the format of a file that begins with head, which is neither
// empty nor begins with a blank, Auto if it is none.
func formatOf(head []byte) Format {
	switch {
	case looksLikePorcupine(head):
		return PorcupineJSON
	case looksLikeElle(head):
		return Elle
	case startsObject(head):
		return JSONL
	case strings.IndexByte("{[(#", head[0]) >= 0:
		return EDN
	}
	if line, _, _ := bytes.Cut(head, []byte("\n")); isLogLine(line) {
		return JepsenLog
	}
	return Auto
}

// startsObject reports whether text begins with a JSON object that has a field.
func startsObject(text []byte) bool {
	inside, ok := bytes.CutPrefix(text, []byte("{"))
	return ok && bytes.HasPrefix(bytes.TrimLeft(inside, blanks), []byte(`"`))
}

// excerpt quotes the beginning of text.
func excerpt(text []byte) string {
	const most = 40 // bytes, about
	if len(text) <= most {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q…", strings.ToValidUTF8(string(text[:most]), ""))
}

// kindNames lists the kinds of operation.
func kindNames() string {
	names := make([]string, len(kinds))
	for k := range kinds {
		names[k] = kinds[k].name
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
