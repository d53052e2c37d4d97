package history

import "bytes"

var (
	logMark   = []byte("jepsen.util - ")
	logLevels = [][]byte{[]byte("INFO"), []byte("WARN"), []byte("ERROR"), []byte("DEBUG")}
)

// isLogLine reports whether line begins with a level, or is one of a
// history.txt: those begin with the process, :nemesis or a number.
func isLogLine(line []byte) bool { return hasLevel(line) || isBare(line) }

func isBare(line []byte) bool {
	process, _, found := bytes.Cut(line, []byte("\t:"))
	return found && len(process) > 0 && (process[0] == ':' || len(bytes.Trim(process, "0123456789")) == 0)
}

func hasLevel(line []byte) bool {
	for _, level := range logLevels {
		if bytes.HasPrefix(line, level) {
			return true
		}
	}
	return false
}

// isOtherLogger reports whether line is complete enough to show that it is not
// the operation log's: "INFO  jepsen.core - Worker 0 starting".
func isOtherLogger(line []byte) bool {
	head, _, found := bytes.Cut(line, []byte(" - "))
	return found && hasLevel(line) && !bytes.Contains(head, []byte("jepsen.util"))
}

// readLog reads the lines that Jepsen logged before it wrote EDN files, or those
// of a history.txt. Lines of other loggers are left out.
func (src *source) readLog(lines *window, keyed Keyed) error {
	r := newEventReader(src, &window{src: src}, keyed)
	for {
		text, line, ok := lines.nextLine()
		if !ok {
			return nil
		}
		if len(bytes.TrimSpace(text)) == 0 || isOtherLogger(text) {
			continue
		}
		r.line, r.pos = line, 0
		_, event, found := bytes.Cut(text, logMark)
		if isBare(text) {
			event = text
		} else if !found || !hasLevel(text) {
			return r.errorf(`expected "INFO  jepsen.util - process :type :f value", found %s`, excerpt(text))
		}
		r.data = event
		if err := r.logged(); err != nil {
			return err
		}
		if err := r.understand(); err != nil {
			return err
		}
	}
}

// logged reads process, type, f and value, and checks what else is in the line.
func (r *eventReader) logged() error {
	r.begin()
	for _, f := range []field{fieldProcess, fieldType, fieldF, fieldValue} {
		r.at[f] = len(r.tape)
		if err := r.form(0); err != nil {
			return err
		}
	}
	for mark := len(r.tape); ; r.tape = r.tape[:mark] {
		_, more, err := r.next(0)
		if err != nil || !more {
			return err
		}
		if err := r.form(0); err != nil {
			return err
		}
	}
}
