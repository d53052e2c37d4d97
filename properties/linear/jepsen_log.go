package linear

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

// readLog reads the lines that Jepsen logged before it wrote EDN files. Lines
// of other loggers are left out.
func (src *source) readLog(data []byte) error {
	in := jepsenReader{ednReader: ednReader{src: src}}
	for rest := data; len(rest) > 0; {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte("\n"))
		in.line++
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		_, event, found := bytes.Cut(text, logMark)
		if !found && isLogLine(text) && !bytes.Contains(text, logMark[:len("jepsen.")]) && bytes.Contains(text, []byte(" - ")) {
			continue
		}
		if !found || !isLogLine(text) {
			return in.errorf(`expected "INFO  jepsen.util - process :type :f value", found %s`, excerpt(text))
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
		if _, ok, err := r.next(0); err != nil || !ok {
			if err != nil {
				return err
			}
			return r.understand(&e)
		}
		if _, err := r.form(0); err != nil {
			return err
		}
	}
}
