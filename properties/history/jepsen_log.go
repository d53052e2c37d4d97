package history

import "bytes"

var (
	logMark   = []byte("jepsen.util - ")
	logLevels = [][]byte{[]byte("INFO"), []byte("WARN"), []byte("ERROR"), []byte("DEBUG")}
)

// isLogLine reports whether line begins with a level.
func isLogLine(line []byte) bool {
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
	return found && isLogLine(line) && !bytes.Contains(head, []byte("jepsen.util"))
}

// readLog reads the lines that Jepsen logged before it wrote EDN files. Lines
// of other loggers are left out.
func (src *source) readLog(data []byte) error {
	in := jepsenReader{ednReader: ednReader{src: src}}
	for rest := data; len(rest) > 0; {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		in.line++
		if len(bytes.TrimSpace(line)) == 0 || isOtherLogger(line) {
			continue
		}
		_, event, found := bytes.Cut(line, logMark)
		if !found || !isLogLine(line) {
			return in.errorf(`expected "INFO  jepsen.util - process :type :f value", found %s`, excerpt(line))
		}
		in.data, in.pos = event, 0
		if err := in.logEvent(); err != nil {
			return err
		}
	}
	return nil
}

// logEvent reads process, type, f and value, and checks what else is in the line.
func (r *jepsenReader) logEvent() error {
	e := jepsenEvent{line: r.line}
	for _, slot := range []*form{&e.process, &e.typ, &e.f, &e.value} {
		f, err := r.form(0)
		if err != nil {
			return err
		}
		*slot = f
	}
	for {
		if _, more, err := r.next(0); err != nil {
			return err
		} else if !more {
			return r.understand(&e)
		}
		if _, err := r.form(0); err != nil {
			return err
		}
	}
}
