package traces

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// textVersion is the version of the JSONL form.
const textVersion = 1

// The lines of a JSONL log that are no events.
type (
	firstLine struct {
		Log int `json:"log"`
		Header
	}
	lastLine struct {
		End *End `json:"end"`
	}
)

// WriteJSONL writes the events that r has not read yet as JSONL: a line with the
// header,
//
//	{"log":1,"scenario":"register","seed":"0x2a","meta":{"nodes":"3"}}
//
// a line for each event,
//
//	{"seq":7,"at":1000000,"kind":"deliver","host":"b","peer":"a","id":1,"cause":5}
//
// and, if the log is complete, one with its end:
//
//	{"end":{"events":61,"digest":"1f0c…"}}
//
// Times are virtual nanoseconds. A field that is zero is left out. Values are as
// Value.AppendJSON gives them. An error of r is returned after what was readable
// has been written.
func WriteJSONL(w io.Writer, r *Reader) error {
	out := bufio.NewWriterSize(w, 64<<10)
	line, err := json.Marshal(firstLine{textVersion, r.Header()})
	if err != nil {
		return err
	}
	if _, err := out.Write(append(line, '\n')); err != nil {
		return err
	}
	var damage error
	for e, err := range r.Events() {
		if err != nil {
			damage = err
			break
		}
		line = append(e.AppendJSON(line[:0]), '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	if end, complete := r.End(); complete {
		if line, err = json.Marshal(lastLine{&end}); err != nil {
			return err
		}
		out.Write(append(line, '\n')) // Flush returns its error
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return damage
}

// SaveJSONL writes what WriteJSONL does to a new file, compressed by zstd if
// path ends in ".zst".
func SaveJSONL(path string, r *Reader) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	if !strings.HasSuffix(path, ".zst") {
		return WriteJSONL(f, r)
	}
	packed, err := zstd.NewWriter(f, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	err = WriteJSONL(packed, r)
	if e := packed.Close(); err == nil {
		err = e
	}
	return err
}
