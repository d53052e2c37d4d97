package history

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheFormatIsToldFromTheContent(t *testing.T) {
	for file, format := range map[string]Format{
		"register.edn": EDN, "store.edn": EDN, "cas.log": JepsenLog, "sample.jsonl": JSONL, "elle.json": Elle,
		"porcupine.json": PorcupineJSON, "porcupine-etcd.json": PorcupineJSON, "porcupine-register.json": PorcupineJSON,
		"elle-plain.json": JSONL, // lines of plain events, unless the user says otherwise
		"store/lin-kv/" + maelstrom + "/history.txt": JepsenLog,
	} {
		text, err := os.ReadFile("testdata/" + file)
		require.NoError(t, err)
		for name, data := range map[string][]byte{"plain": text, "gzip": gzipped(t, text), "marked": append([]byte("\ufeff \n"), text...)} {
			src := &source{name: "test", window: windowSize}
			in := expand(&origin{in: bytes.NewReader(data)})
			told, err := src.detect(newWindow(src, in, 0))
			require.NoError(t, err, "%s %s", file, name)
			require.Equal(t, format, told, "%s %s", file, name)
		}
		h, err := ReadFile("testdata/"+file, ReadOptions{})
		require.NoError(t, err)
		again, err := ReadFile("testdata/"+file, ReadOptions{Format: format})
		require.NoError(t, err)
		require.Equal(t, h, again, file)
		require.NotEmpty(t, h.Operations)
	}
}

func TestFormatsOfJSONAreToldApart(t *testing.T) {
	for text, want := range map[string]Format{
		`[{"process":94,"type":"invoke","f":"read","value":null}]`:                      Elle,
		"[\n { \"type\" : \"invoke\"":                                                   Elle,
		`{"type":"invoke","process":1,"f":"read","value":[["r","x",null]]}`:             Elle,
		`{"type":"invoke","process":1,"f":"write","value":"\"f\":\"txn\""}`:             JSONL,
		`{"type":"invoke","process":1,"f":"write","value":"\"clientid\":1,\"call\":2"}`: JSONL,
		"{\n\"type\"": JSONL,
		`[{:process 1, :type :invoke, :f :txn, :value [[:w :x 1]]}]`: EDN,
		`{:process 1, :note "\"f\":\"txn\""}`:                        EDN,
		`[]`:                                                         EDN,
		`{"clientId": 1, "Note": "", "CALL" : 3`:                     PorcupineJSON,
		`[ { "Call" : 1, "Metadata": {}, "ClientId" : 3`:             PorcupineJSON,
		`{"Start":-3,"End":4,"Description":"only a partition"}`:      PorcupineJSON,
		`{"type":"mark","label":"start"}`:                            JSONL,
		"INFO  jepsen.core - x":                                      JepsenLog,
		":nemesis\t:info\t:start\tnil":                               JepsenLog,
		"12\t:invoke\t:read\tnil":                                    JepsenLog,
		"12 :invoke":                                                 Auto,
		"\t:invoke":                                                  Auto,
	} {
		require.Equal(t, want, formatOf([]byte(text)), text)
	}
}

func TestBlanksWithoutEndAreNoHistory(t *testing.T) {
	_, err := ReadFrom("test", strings.NewReader(strings.Repeat("\n", windowSize+1)), ReadOptions{})
	require.EqualError(t, err, "test:1: expected a history, found 262144 blanks")
}

func TestDamageIsReportedWhateverTheFormat(t *testing.T) {
	for _, file := range []string{"elle.json", "porcupine.json", "sample.jsonl", "cas.log", "register.edn"} {
		text, err := os.ReadFile("testdata/" + file)
		require.NoError(t, err)
		data := gzipped(t, text)
		_, err = ReadFrom("test", bytes.NewReader(data[:len(data)-3]), ReadOptions{})
		require.ErrorContains(t, err, "expected whole gzip data: unexpected EOF", file)
		_, err = ReadFrom("test", bytes.NewReader(append(text, "\n\xff"...)), ReadOptions{})
		require.ErrorContains(t, err, "expected UTF-8 text, found byte 0xff", file)
	}
}
