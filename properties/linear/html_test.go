package linear

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

// drawn is what the tests look at in a page.
type drawn struct {
	text  string
	head  string // up to the end of the headline
	data  pageData
	marks pageMarks
}

func draw(t *testing.T, h *history.History, opt Options, res Result) drawn {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, WriteHTML(context.Background(), &out, h, opt, res))
	d := drawn{text: out.String()}
	require.True(t, strings.HasPrefix(d.text, "<!doctype html>"))
	var found bool
	d.head, _, found = strings.Cut(d.text, "</header>")
	require.True(t, found)
	_, d.head, found = strings.Cut(d.head, "<body>")
	require.True(t, found)
	decode(t, d.text, "const data = ", &d.data)
	if len(d.data.Partitions) > 0 || len(d.data.Annotations) > 0 {
		decode(t, d.text, "const page = ", &d.marks)
	}
	return d
}

func decode(t *testing.T, text, name string, into any) {
	t.Helper()
	_, data, found := strings.Cut(text, name)
	require.True(t, found, name)
	data, _, _ = strings.Cut(data, "\n")
	require.NotContains(t, data, "<", "nothing in the data may end the script")
	require.NoError(t, json.Unmarshal([]byte(data), into))
}

// recorded is a history with faults, two keys and texts that would break a page.
func recorded(t *testing.T, read int64) *history.History {
	var r history.Recorder
	add := func(e history.Event) { require.NoError(t, r.Add(e)) }
	add(history.Event{Process: 7, Kind: history.Write, Key: "x", Value: history.Int(1)})
	partition := r.Begin("partition n1 | n2")
	r.Begin("slow n2")
	add(history.Event{Type: history.OKEvent, Process: 7, Kind: history.Write, Key: "x", Node: "<b>n1", Time: 9_000_000})
	add(history.Event{Process: 30, Key: "x"})
	add(history.Event{Process: 4, Kind: history.Write, Key: "</script>y", Value: history.Text("<i>")})
	add(history.Event{Type: history.OKEvent, Process: 30, Key: "x", Value: history.Int(read)})
	r.End(partition)
	r.Mark("crash n1")
	return r.History()
}

func TestThePageOfAPassShowsKeysClientsFaultsAndAnOrder(t *testing.T) {
	d := draw(t, recorded(t, 1), Options{Model: KV}, Result{})
	require.Contains(t, d.head, `<header class="pass">`+"\n<h1>Linearizable</h1>")
	require.Contains(t, d.head, "The page shows all 3 operations of 2 keys.")
	require.Len(t, d.data.Partitions, 2)
	x, y := d.data.Partitions[0], d.data.Partitions[1]
	require.Equal(t, "x: write of 1", x.History[0].Description)
	require.Equal(t, "client 7<br>node &lt;b&gt;n1<br>called at 0.000 ms, returned at 9.000 ms", x.History[0].Metadata)
	require.Equal(t, "x: read of 1", x.History[1].Description)
	require.Equal(t, `</script>y: write of "<i>" → unknown`, y.History[0].Description)
	require.Equal(t, []string{"client 4", "client 7", "client 30"}, d.marks.Rows)
	require.Equal(t, []int{1, 2, 0}, []int{x.History[0].ClientId, x.History[1].ClientId, y.History[0].ClientId})
	require.Equal(t, [][]pageStep{{{0, "1"}, {1, "1"}}}, x.PartialLinearizations)
	require.Equal(t, -1, d.marks.Culprit)
	require.Len(t, d.data.Annotations, 3)
	rows := []string{d.data.Annotations[0].Tag, d.data.Annotations[1].Tag, d.data.Annotations[2].Tag}
	require.Equal(t, []string{"fault 1", "fault 2", "fault 1"}, rows, "faults that overlap are in rows of their own")
	require.Equal(t, y.History[0].End, d.data.Annotations[1].End, "what never ended ends with the page")
	require.Greater(t, y.History[0].End, d.data.Annotations[2].End)
}

// failed is a history in which client 7 reads 3 after 5, with n operations of
// client 9 on the same key before and after it, and its contradiction.
func failed(n int) (*history.History, Result) {
	h := &history.History{}
	add := func(o history.Operation) {
		o.Key, o.Call, o.Return = "x", int64(10*len(h.Operations)), int64(10*len(h.Operations)+9)
		h.Operations = append(h.Operations, o)
	}
	around := func() {
		for range n {
			add(history.Operation{Client: 9, Kind: history.Read, Outcome: history.Failed})
			h.Operations[len(h.Operations)-1].Outcome = history.OK
			h.Operations[len(h.Operations)-1].Out = history.Int(3)
		}
	}
	add(history.Operation{Client: 1, Kind: history.Write, Arg: history.Int(3)})
	around()
	add(history.Operation{Client: 2, Kind: history.Write, Arg: history.Int(5)})
	last := int32(len(h.Operations))
	add(history.Operation{Client: 7, Kind: history.Read, Out: history.Int(3)})
	other := int32(len(h.Operations))
	add(history.Operation{Client: 8, Kind: history.Write, Arg: history.Int(4)})
	h.Operations[other].Call = h.Operations[last].Call + 5
	around()
	h.Annotations = []history.Annotation{{From: 0, To: history.Pending, Label: "clock <skew>"}}
	return h, Result{Verdict: properties.Fail, Key: "x", Failing: []string{"x"}, Keys: 3, Operations: len(h.Operations),
		Culprit:     &h.Operations[last],
		Explanation: "read of x returned 3 after 5 was acknowledged",
		Contradiction: &Contradiction{Key: "x", Operations: []int32{0, last - 1, last}, Others: []int32{other},
			Sentence: "read of 3 by client 7 began after client 2's write of 5 had returned, which had replaced 3"}}
}

func TestThePageOfAFailOpensOnTheContradiction(t *testing.T) {
	h, res := failed(3)
	d := draw(t, h, Options{Model: KV}, res)
	require.Contains(t, d.text, "<title>Not linearizable</title>")
	require.Contains(t, d.head, "<h1>Not linearizable: key x</h1>\n"+
		`<p class="sentence">read of 3 by client 7 began after client 2&#39;s write of 5 had returned, which had replaced 3</p>`)
	require.Contains(t, d.head, `<tr class="culprit" data-index="2"><td>3</td><td>client 7</td><td>read of 3</td><td>50..59</td>`)
	require.Contains(t, d.head, "may have happened at any time after its call")
	require.Len(t, d.data.Partitions, 2)
	of, rest := d.data.Partitions[0], d.data.Partitions[1]
	require.Equal(t, []mark{core, core, culprit, other, aside, aside, aside, aside, aside, aside}, d.marks.Marks)
	require.Equal(t, 2, d.marks.Culprit)
	require.Equal(t, []string{"client 1", "client 2", "client 7", "client 9", "client 8"}, d.marks.Rows, "others come below")
	require.Equal(t, 4, of.History[3].ClientId)
	require.Equal(t, "plays no part", of.History[3].OriginalEnd)
	require.Greater(t, of.History[3].End, of.History[2].End)
	require.Len(t, rest.History, 6, "few operations are all shown")
	require.Empty(t, rest.PartialLinearizations)
	require.NotEmpty(t, of.PartialLinearizations)
	require.Equal(t, []pageStep{{0, "3"}, {1, "5"}, {3, "4"}}, of.PartialLinearizations[0])
	require.Equal(t, "clock <skew>", d.data.Annotations[0].Description)
}

func TestALongHistoryIsCutToWhatOverlapsTheContradiction(t *testing.T) {
	h, res := failed(600)
	d := draw(t, h, Options{Model: KV}, res)
	require.Contains(t, d.head, "The page shows 604 of the 1204 operations of 1 key.")
	rest := d.data.Partitions[1].History
	require.Len(t, rest, 600)
	require.Equal(t, "6000", rest[599].OriginalStart)
	res.Contradiction.Operations = res.Contradiction.Operations[1:]
	rest = draw(t, h, Options{Model: KV}, res).data.Partitions[1].History
	require.Len(t, rest, 20, "and a few before")
}

func TestAPageIsBoundedAndTheSameEachTime(t *testing.T) {
	h, res := failed(40_000)
	d := draw(t, h, Options{Model: KV}, res)
	require.Less(t, len(d.text), 500_000)
	require.LessOrEqual(t, len(d.marks.Marks), pageOperations+4)
	require.Equal(t, culprit, d.marks.Marks[d.marks.Culprit])
	require.Contains(t, d.head, "The page shows 499 of the 80004 operations of 1 key.")
	require.True(t, d.text == draw(t, h, Options{Model: KV}, res).text)

	passing := &history.History{}
	for i := range 30_000 {
		passing.Operations = append(passing.Operations, history.Operation{Client: i % 64, Key: fmt.Sprint(i % 100), Kind: history.Write,
			Arg: history.Text(strings.Repeat("long", 100)), Call: int64(i), Return: int64(i + 1), Node: strings.Repeat("n", 1000)})
	}
	for i := range 5000 {
		passing.Annotations = append(passing.Annotations, history.Annotation{From: int64(i), To: int64(i), Label: strings.Repeat("l", 1000)})
	}
	d = draw(t, passing, Options{Model: KV}, Result{})
	require.Less(t, len(d.text), 1_000_000)
	require.Len(t, d.data.Partitions, pageKeys)
	require.LessOrEqual(t, len(d.data.Annotations), pageAnnotations)
	require.Contains(t, d.head, "The page shows 2000 of the 15000 operations of 50 keys and leaves out 50 other keys.")
	require.True(t, d.text == draw(t, passing, Options{Model: KV}, Result{}).text)
}

func TestAPageWithoutContradictionShowsTheCulprit(t *testing.T) {
	for _, n := range []int{3, 5000} {
		h, res := failed(n)
		res.Contradiction = nil
		d := draw(t, h, Options{Model: KV}, res)
		require.Equal(t, culprit, d.marks.Marks[d.marks.Culprit])
		require.Contains(t, d.head, "read of x returned 3 after 5 was acknowledged</p>")
		require.LessOrEqual(t, len(d.marks.Marks), pageOperations)
	}
}

func TestThePageOfAnEmptyHistoryAndOfASearchCutShort(t *testing.T) {
	require.Empty(t, draw(t, &history.History{}, Options{}, Result{}).data.Partitions)
	d := draw(t, &history.History{Annotations: []history.Annotation{{From: 3, To: history.Pending, Label: "crash"}}}, Options{}, Result{})
	require.Len(t, d.data.Annotations, 1)
	res := Result{Verdict: properties.Inconclusive, Reason: "gave up", Key: "x", Keys: 1}
	d = draw(t, record(t, hard("x", 12)...), Options{Model: Stack, Steps: 1000}, res)
	require.Contains(t, d.head, "<h1>Inconclusive: key x</h1>\n<p class=\"sentence\">gave up</p>")
	require.Len(t, d.data.Partitions, 1)
	require.Len(t, d.data.Partitions[0].History, 15)
	require.NotEmpty(t, d.data.Partitions[0].PartialLinearizations)
}

func TestALockThatWasNeverTakenIsPlacedWithoutEffect(t *testing.T) {
	h := &history.History{}
	for _, op := range operations(t, "1 0-1 acquire", "2 2- acquire") {
		h.Operations = append(h.Operations, *op)
	}
	d := draw(t, h, Options{Model: Lock}, Result{Keys: 1})
	require.Equal(t, [][]pageStep{{{0, "1"}, {1, "1"}}}, d.data.Partitions[0].PartialLinearizations)
}

func TestAResultOfAnotherHistoryPanics(t *testing.T) {
	h, res := failed(1)
	res.Key = "z"
	require.PanicsWithValue(t, "linear: the result is of another history: it has no key z", func() {
		_ = WriteHTML(context.Background(), &bytes.Buffer{}, h, Options{Model: KV}, res)
	})
}

type failingWriter struct{}

var errFull = errors.New("disk full")

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

func TestThePageReportsTheWritersError(t *testing.T) {
	err := WriteHTML(context.Background(), failingWriter{}, &history.History{}, Options{}, Result{})
	require.ErrorIs(t, err, errFull)
	h := record(t, history.Event{Kind: history.CAS})
	require.ErrorIs(t, history.WriteJSONL(failingWriter{}, h), errFull)
	require.ErrorContains(t, WriteHTML(context.Background(), failingWriter{}, h, Options{}, Result{}), "use model cas-register")
}
