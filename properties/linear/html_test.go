package linear

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/history"
)

// page is the part of porcupine's data that the tests look at.
type page struct {
	Partitions []struct {
		History []struct {
			ClientId, Start, End  int
			Description, Metadata string
		}
		PartialLinearizations [][]struct {
			Index            int
			StateDescription string
		}
	}
	Annotations []struct {
		Tag, Description string
		Start, End       int
	}
}

func drawPage(t *testing.T, h *history.History, opt Options) page {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, WriteHTML(context.Background(), &out, h, opt))
	require.True(t, strings.HasPrefix(out.String(), "<!doctype html>"))
	_, data, found := strings.Cut(out.String(), "const data = ")
	require.True(t, found)
	data, _, _ = strings.Cut(data, "\n")
	require.NotContains(t, data, "<", "nothing in the data may end the script")
	var p page
	require.NoError(t, json.Unmarshal([]byte(data), &p))
	return p
}

func TestThePageShowsKeysClientsFaultsAndWhatCannotBePlaced(t *testing.T) {
	var r history.Recorder
	add := func(e history.Event) { require.NoError(t, r.Add(e)) }
	add(history.Event{Process: 7, Kind: history.Write, Key: "x", Value: history.Int(1)})
	partition := r.Begin("partition n1 | n2")
	r.Begin("slow n2")
	add(history.Event{Type: history.OKEvent, Process: 7, Kind: history.Write, Key: "x", Node: "<b>n1", Time: 9})
	add(history.Event{Process: 30, Key: "x"})
	add(history.Event{Process: 4, Kind: history.Write, Key: "y", Value: history.Text("<i>")})
	add(history.Event{Type: history.OKEvent, Process: 30, Key: "x", Value: history.Int(2)})
	r.End(partition)
	r.Mark("crash n1")

	p := drawPage(t, r.History(), Options{Model: KV})
	require.Len(t, p.Partitions, 2)
	x, y := p.Partitions[0], p.Partitions[1]
	require.Equal(t, "x: write 1", x.History[0].Description)
	require.Equal(t, "client 7<br>node &lt;b&gt;n1<br>called at 0 ns, returned at 9 ns", x.History[0].Metadata)
	require.Equal(t, "x: read of 2", x.History[1].Description)
	require.Equal(t, `y: write "<i>" → unknown`, y.History[0].Description)
	require.Equal(t, []int{1, 2, 0}, []int{x.History[0].ClientId, x.History[1].ClientId, y.History[0].ClientId})
	require.Len(t, x.PartialLinearizations, 1)
	require.Len(t, x.PartialLinearizations[0], 1, "the read has no place")
	require.Equal(t, "1", x.PartialLinearizations[0][0].StateDescription)
	require.Equal(t, "&#34;&lt;i&gt;&#34;", y.PartialLinearizations[0][0].StateDescription)
	require.Len(t, p.Annotations, 3)
	rows := []string{p.Annotations[0].Tag, p.Annotations[1].Tag, p.Annotations[2].Tag}
	require.Equal(t, []string{"fault 1", "fault 2", "fault 1"}, rows, "faults that overlap are in rows of their own")
	require.Equal(t, y.History[0].End, p.Annotations[1].End, "what never ended ends with the page")
	require.Greater(t, y.History[0].End, p.Annotations[2].End)
}

func TestThePageOfAnEmptyHistoryAndOfASearchCutShort(t *testing.T) {
	require.Empty(t, drawPage(t, &history.History{}, Options{}).Partitions)
	p := drawPage(t, record(t, hard("x", 12)...), Options{Model: KV, Steps: 1000})
	require.Len(t, p.Partitions, 1)
	require.Len(t, p.Partitions[0].History, 15)
}

type failingWriter struct{}

var errFull = errors.New("disk full")

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

func TestThePageReportsTheWritersError(t *testing.T) {
	err := WriteHTML(context.Background(), failingWriter{}, &history.History{}, Options{})
	require.ErrorIs(t, err, errFull)
	h := record(t, history.Event{Kind: history.CAS})
	require.ErrorIs(t, history.WriteJSONL(failingWriter{}, h), errFull)
	require.ErrorContains(t, WriteHTML(context.Background(), failingWriter{}, h, Options{}), "use model cas-register")
}
