package consistency

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// story reads a history of lines "client key kind value from to": the value of
// a read is what it returned, that of a cas is old>new, and "to" is - if nobody
// knows. A seventh word, failed, may follow.
func story(t testing.TB, text string) *history.History {
	kinds := map[string]history.Kind{"r": history.Read, "w": history.Write, "cas": history.CAS}
	number := func(s string) int64 {
		v, err := history.ParseValue(s)
		require.NoError(t, err)
		n, ok := v.Int()
		require.True(t, ok, s)
		return n
	}
	value := func(s string) history.Value {
		v, err := history.ParseValue(s)
		require.NoError(t, err)
		return v
	}
	h := &history.History{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		require.True(t, len(f) == 6 || len(f) == 7 && f[6] == "failed", line)
		o := history.Operation{Client: int(number(f[0])), Key: f[1], Kind: kinds[f[2]], Call: number(f[4])}
		if f[5] == "-" {
			o.Outcome, o.Return = history.Unknown, history.Pending
		} else {
			o.Return = number(f[5])
		}
		if len(f) == 7 {
			o.Outcome = history.Failed
		}
		old, arg, _ := strings.Cut(f[3], ">")
		switch o.Kind {
		case history.Read:
			o.Out = value(old)
		case history.Write:
			o.Arg = value(old)
		default:
			o.Old, o.Arg = value(old), value(arg)
		}
		h.Operations = append(h.Operations, o)
	}
	return h
}

// planted are histories that break exactly the levels named, each with its
// sentence and the operations that show it.
var planted = []struct {
	name, story string
	broken      map[Level]string
	shown       map[Level][]int32
}{
	{"nothing", "0 x w 1 0 1\n1 x r 1 2 3", nil, nil},
	{"a stale read of another client", `
		0 x w 1 0 1
		0 x w 2 2 3
		1 x r 1 4 5`,
		map[Level]string{Linearizable: ""},
		map[Level][]int32{}},
	{"a very stale read of another client", `
		0 x w 1 0 1
		0 x w 2 2 3
		0 x w 3 4 5
		1 x r 1 8 9`,
		map[Level]string{
			Linearizable: "",
			TwoAtomic: "read of 1 of x by client 1 was at least 2 writes behind: it was called after the write of 2 by client 0 " +
				"had happened, and after the write of 3 by client 0 had happened",
		},
		map[Level][]int32{TwoAtomic: {0, 1, 2, 3}}},
	{"writes that two readers see in different orders", `
		0 x w 1 0 9
		1 x w 2 0 9
		2 x r 1 1 2
		3 x r 2 1 2
		2 x r 2 3 4
		3 x r 1 3 4`,
		map[Level]string{
			Linearizable: "",
			Sequential: "no order that keeps each client's own explains this: client 0 wrote 1 to x; client 1 wrote 2 to x; " +
				"client 2 read 1 of x, then read 2 of x; client 3 read 2 of x, then read 1 of x",
			MonotonicReads: "whatever the order of the versions of x, a client saw something older than it had seen: " +
				"client 0 wrote 1 to x; client 1 wrote 2 to x; " +
				"client 2 read 1 of x, then read 2 of x; client 3 read 2 of x, then read 1 of x",
		},
		map[Level][]int32{Sequential: {0, 1, 2, 3, 4, 5}, MonotonicReads: {0, 1, 2, 3, 4, 5}}},
	{"two clients that each saw the other's write last", `
		0 x w 1 0 9
		1 x w 2 0 9
		0 x r 2 10 11
		1 x r 1 10 11`,
		map[Level]string{
			Linearizable: "",
			Sequential: "no order that keeps each client's own explains this: client 0 wrote 1 to x, then read 2 of x; " +
				"client 1 wrote 2 to x, then read 1 of x",
			ReadYourWrites: "whatever the order of the versions of x, a client missed its own write: client 0 wrote 1 to x, then read 2 of x; " +
				"client 1 wrote 2 to x, then read 1 of x",
		},
		map[Level][]int32{Sequential: {0, 1, 2, 3}, ReadYourWrites: {0, 1, 2, 3}}},
	{"both read before the other's write", `
		0 x w 1 0 1
		1 y w 1 0 1
		0 y r nil 2 3
		1 x r nil 2 3`,
		map[Level]string{
			Linearizable: "",
			Sequential: "no order that keeps each client's own explains this: client 0 wrote 1 to x, then read nil of y; " +
				"client 1 wrote 1 to y, then read nil of x",
		},
		map[Level][]int32{Sequential: {0, 1, 2, 3}}},
	{"only monotonic reads, of the guarantees", `
		0 x w 1 0 1
		1 x w 2 2 3
		2 x r 2 4 5
		2 x r 1 6 7`,
		map[Level]string{
			Linearizable:   "",
			MonotonicReads: "client 2 read 1 of x after it had read 2 of x, although the write of 1 had returned before that of 2 was called",
		},
		map[Level][]int32{MonotonicReads: {0, 1, 2, 3}}},
	{"only read your writes, of the guarantees", `
		0 x w 1 0 1
		2 x w 2 2 3
		2 x r 1 4 5`,
		map[Level]string{
			Linearizable:   "",
			ReadYourWrites: "client 2 read 1 of x after it had written 2 to x, although the write of 1 had returned before that of 2 was called",
		},
		map[Level][]int32{ReadYourWrites: {0, 1, 2}}},
	{"only monotonic writes, of the guarantees", `
		1 x w 2 0 1
		1 y w 5 2 3
		2 y r 5 4 5
		2 x r nil 6 7`,
		map[Level]string{
			Linearizable: "",
			Sequential: "no order that keeps each client's own explains this: client 1 wrote 2 to x, then wrote 5 to y; " +
				"client 2 read 5 of y, then read nil of x",
			MonotonicWrites: "client 2 read nil of x after it had read 5 of y, whose writer, client 1, had written 2 to x before, " +
				"although nil was there before any write",
		},
		map[Level][]int32{Sequential: {0, 1, 2, 3}, MonotonicWrites: {0, 1, 2, 3}}},
	{"only writes follow reads, of the guarantees", `
		0 x w 1 0 1
		0 x w 2 2 3
		1 x r 2 4 5
		1 y w 5 6 7
		2 y r 5 8 9
		2 x r 1 10 11`,
		map[Level]string{
			Linearizable: "",
			Sequential: "no order that keeps each client's own explains this: client 0 wrote 1 to x, then wrote 2 to x; " +
				"client 1 read 2 of x, then wrote 5 to y; client 2 read 5 of y, then read 1 of x",
			WritesFollowReads: "client 2 read 1 of x after it had read 5 of y, whose writer, client 1, had read 2 of x before, " +
				"although the write of 1 had returned before that of 2 was called",
		},
		map[Level][]int32{Sequential: {0, 1, 2, 3, 4, 5}, WritesFollowReads: {0, 1, 2, 3, 4, 5}}},
	{"a read of what nobody wrote", "0 x w 1 0 1\n1 x r 7 2 3",
		map[Level]string{
			Linearizable: "",
			Sequential:   "client 1 read 7 of x, but nothing wrote 7",
			TwoAtomic:    "client 1 read 7 of x, but nothing wrote 7",
		},
		map[Level][]int32{Sequential: {1}, TwoAtomic: {1}}},
	{"a read ahead of its write", "1 x r 1 0 1\n0 x w 1 2 3",
		map[Level]string{Linearizable: "", TwoAtomic: "client 1 read 1 of x before client 0 began to write that"},
		map[Level][]int32{TwoAtomic: {0, 1}}},
	{"three concurrent writes that are all read late", `
		0 x w 1 0 9
		1 x w 2 0 9
		2 x w 3 0 9
		3 x r 1 10 11
		4 x r 2 10 11
		5 x r 3 10 11`,
		map[Level]string{
			Linearizable: "",
			TwoAtomic: "no order lets every read return one of the two latest writes: client 0 wrote 1 to x; client 1 wrote 2 to x; " +
				"client 2 wrote 3 to x; client 3 read 1 of x; client 4 read 2 of x; client 5 read 3 of x",
		},
		map[Level][]int32{TwoAtomic: {0, 1, 2, 3, 4, 5}}},
	{"two cas of one value", `
		0 x cas nil>1 0 5
		1 x cas nil>2 0 5`,
		map[Level]string{
			Linearizable: "",
			Sequential:   "no order that keeps each client's own explains this: client 0 changed x from nil to 1; client 1 changed x from nil to 2",
			TwoAtomic:    "no order lets every cas replace the latest write: client 0 changed x from nil to 1; client 1 changed x from nil to 2",
		},
		map[Level][]int32{Sequential: {0, 1}, TwoAtomic: {0, 1}}},
	{"a pending write that was read, and then was not", `
		0 x w 1 0 -
		1 x r 1 1 2
		2 x r nil 3 4
		1 x r nil 5 6`,
		map[Level]string{
			Linearizable:   "",
			Sequential:     "no order that keeps each client's own explains this: client 0 wrote 1 to x; client 1 read 1 of x, then read nil of x",
			MonotonicReads: "client 1 read nil of x after it had read 1 of x, although nil was there before any write",
		},
		map[Level][]int32{Sequential: {0, 1, 3}, MonotonicReads: {0, 1, 3}}},
}

func TestPlantedHistoriesBreakJustTheirLevels(t *testing.T) {
	for _, p := range planted {
		t.Run(p.name, func(t *testing.T) {
			r, err := Judge(context.Background(), story(t, p.story), linear.Options{Model: linear.KV})
			require.NoError(t, err)
			require.Len(t, r.Findings, int(levels))
			for i, f := range r.Findings {
				require.Equal(t, Level(i), f.Level)
				sentence, broken := p.broken[f.Level]
				if !broken {
					if f.Verdict != properties.Inconclusive {
						require.Equal(t, properties.Pass, f.Verdict, "%v: %s", f.Level, f.Explanation)
					}
					continue
				}
				require.Equal(t, properties.Fail, f.Verdict, f.Level)
				if f.Level != Linearizable {
					require.Equal(t, sentence, f.Explanation)
					require.Equal(t, p.shown[f.Level], f.Operations, f.Level)
				}
			}
		})
	}
}

func TestStalenessIsTold(t *testing.T) {
	opt := linear.Options{Model: linear.KV}
	r, err := Judge(context.Background(), story(t, `
		0 x w 1 0 1
		0 x w 2 2 3
		0 y w 1 4 5
		0 x w 3 6 7
		1 y r 1 8 9
		0 x w 4 8 9
		7 x r 1 12 13
		1 y r 1 12 13
		1 z r nil 14 15
		1 z r 7 16 17`), opt)
	require.NoError(t, err)
	require.Equal(t, []Staleness{
		{Key: "x", AtLeast: 4, Read: 6, Moments: 9, Sentence: "read of 1 of x by client 7 was at least 3 writes behind: " +
			"it was called after the write of 2 by client 0 had happened, and after the write of 3 by client 0 had happened"},
		{Key: "y", AtLeast: 1, Exact: true, Read: -1},
		{Key: "z", AtLeast: Never, Exact: true, Read: -1, Sentence: "client 1 read 7 of z, but nothing wrote 7"},
	}, r.Staleness)
	worst, ok := r.Worst()
	require.True(t, ok)
	require.Equal(t, "z", worst.Key)

	r, err = Judge(context.Background(), story(t, "0 x w 1 0 1\n0 x w 2 2 3\n1 x r 1 4 5"), opt)
	require.NoError(t, err)
	require.Equal(t, []Staleness{{Key: "x", AtLeast: 2, Exact: true, Read: 2, Moments: 1,
		Sentence: "read of 1 of x by client 1 was at least 1 write behind: it was called after the write of 2 by client 0 had happened"},
	}, r.Staleness)

	h := story(t, "0 x w 1 0 1\n0 x w 2 2 3\n1 x r 1 4 5")
	h.Operations[1].ReturnTime, h.Operations[2].CallTime = 1e9, 4.5e9
	r, err = Judge(context.Background(), h, opt)
	require.NoError(t, err)
	require.Equal(t, "read of 1 of x by client 1 was at least 1 write behind: it was called 3.5s after the write of 2 by client 0 had happened",
		r.Staleness[0].Sentence)

	r, err = Judge(context.Background(), story(t, "0 x w 1 0 9\n1 x w 2 0 9\n2 x r 1 10 11\n3 x r 2 10 11"), opt)
	require.NoError(t, err)
	require.Equal(t, []Staleness{{Key: "x", AtLeast: 2, Exact: true, Read: -1}}, r.Staleness)
}

func TestEqualWritesMakeAReadInconclusive(t *testing.T) {
	r, err := Judge(context.Background(), story(t, `
		0 x w 1 0 1
		0 x w 2 2 3
		0 x w 1 4 5
		0 y w 1 6 7
		1 x r 1 8 9
		1 y r nil 8 9`), linear.Options{Model: linear.KV})
	require.ErrorIs(t, err, history.ErrInvalid, "client 1 overlaps itself")
	for _, f := range r.Findings {
		require.Equal(t, properties.Inconclusive, f.Verdict)
	}

	r, err = Judge(context.Background(), story(t, `
		0 x w 1 0 1
		0 x w 2 2 3
		0 x w 1 4 5
		0 y w 1 6 7
		1 x r 1 8 9
		2 y r nil 8 9`), linear.Options{Model: linear.KV})
	require.NoError(t, err)
	const why = "client 1 read 1 of x, and which of several writes of 1 that was is not known"
	for _, f := range r.Findings {
		switch f.Level {
		case Linearizable:
			require.Equal(t, properties.Fail, f.Verdict)
		case Sequential:
			require.Equal(t, Finding{Level: Sequential}, f, "the search needs no unique writes")
		case ReadYourWrites:
			require.Equal(t, Finding{Level: ReadYourWrites}, f, "client 1 has no writes of its own")
		default:
			require.Equal(t, Finding{Level: f.Level, Verdict: properties.Inconclusive, Key: "x", Reason: why}, f)
		}
	}
	require.False(t, r.Staleness[0].Exact)
	require.Equal(t, 2, r.Staleness[1].AtLeast)
}

func TestOtherObjectsAreRefused(t *testing.T) {
	h := story(t, "0 x w 1 0 1")
	_, err := Judge(context.Background(), h, linear.Options{Model: linear.Queue})
	require.ErrorIs(t, err, ErrNotRegisters)
	require.ErrorContains(t, err, "the model is queue")
	own := linear.Options{Step: func(v history.Value, _ *history.Operation) (bool, history.Value) { return true, v }}
	_, err = Judge(context.Background(), h, own)
	require.ErrorContains(t, err, "the model is the caller's own")
	h.Operations[0].Kind = history.Append
	r, err := Judge(context.Background(), h, linear.Options{Model: linear.KV})
	require.ErrorContains(t, err, "operation 0 is append 1 by client 0")
	require.Equal(t, properties.Inconclusive, r.Of(TwoAtomic).Verdict)
	empty := Report{}
	require.Equal(t, properties.Inconclusive, empty.Of(Sequential).Verdict, "what was not judged did not pass")
	_, ok := empty.Worst()
	require.False(t, ok)
}

func TestLevelsPrintAndParse(t *testing.T) {
	for l := range levels {
		text, err := l.MarshalText()
		require.NoError(t, err)
		require.Equal(t, l.String(), string(text))
		var back Level
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, l, back)
	}
	_, err := levels.MarshalText()
	require.EqualError(t, err, "consistency: no level has number 7")
	var l Level
	require.ErrorContains(t, l.UnmarshalText([]byte("causal")), `level is "causal", expected one of ["linearizable" `)
	require.Equal(t, "level(9)", Level(9).String())
}

func TestBoundsMakeItInconclusive(t *testing.T) {
	h := lagging(3000, 16, 4, 3)
	opt := linear.Options{Model: linear.KV}
	v := resolve(h, &opt)
	require.Equal(t, Finding{Level: Sequential}, v.judgeSequential(context.Background()))
	opt.Steps = 1000
	require.Equal(t, "no order of 3000 operations found, nor that there is none: gave up after 500 steps",
		v.judgeSequential(context.Background()).Reason)
	opt.Steps = 0
	bare, _ := v.newPrograms().saturate(context.Background(), linear.DefaultSteps, 0)
	require.Nil(t, bare.clock, "no memory for clocks")
	x := newSearch(bare)
	x.steps = linear.DefaultSteps
	verdict, reason := x.run(context.Background(), false, 1000)
	require.Equal(t, properties.Inconclusive, verdict)
	require.Equal(t, "gave up at 1000 bytes", reason)
	opt.Steps = 10
	_, found := v.judgeKeys(context.Background(), false)
	require.Equal(t, properties.Fail, found.Verdict, "a read two writes behind takes no search")
	near := resolve(lagging(3000, 16, 4, 1), &opt)
	_, found = near.judgeKeys(context.Background(), false)
	require.Equal(t, properties.Inconclusive, found.Verdict)
	require.Contains(t, found.Reason, " writes found within the bound of steps, nor that there is none")
	done, cancel := context.WithCancel(context.Background())
	cancel()
	require.Contains(t, v.judgeSequential(done).Reason, "context canceled")
}

// TestClocksOnlyHelpTheSearch compares the search with and without what
// saturation derives, beyond the reach of trying every order.
func TestClocksOnlyHelpTheSearch(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	var seen outcome
	for range 3000 {
		h, opt := drawHistory(shape{keys: 3, operations: 24, clients: 5, length: 6, recent: 4}, rng.IntN)
		v := resolve(h, &opt)
		f := v.judgeSequential(context.Background())
		seen[f.Verdict]++
		s, cycle := v.newPrograms().saturate(context.Background(), linear.DefaultSteps, 0)
		require.Nil(t, cycle)
		bare, _ := s.search(context.Background(), linear.DefaultSteps, linear.DefaultMemory)
		require.Equal(t, bare, f.Verdict, "%v", h.Operations)
	}
	require.Equal(t, outcome{1337, 0, 1663}, seen)
}

func TestTheBudgetOfAnEpochIsNoMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 6))
	var counts [2]int
	for range 5000 {
		h, opt := drawHistory(shape{keys: 1, operations: 40, clients: 6, length: 12, recent: 3}, rng.IntN)
		v := resolve(h, &opt)
		cs, thin := v.clusters(0)
		if thin != nothing {
			continue
		}
		for k := 1; k <= 2; k++ {
			o := v.newOrderer(cs, k)
			o.budget = 1
			ordered := o.order()
			require.Equal(t, v.newOrderer(cs, k).order(), ordered)
			if ordered == properties.Pass {
				counts[k-1]++
			}
		}
	}
	require.Equal(t, [2]int{1320, 1856}, counts)
}

// TestOneAtomicIsLinearizable holds the order of clusters for k = 1, which
// leaves failed CAS out, against package linear.
func TestOneAtomicIsLinearizable(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 7))
	var seen outcome
	for range 3000 {
		h, opt := drawHistory(shape{keys: 1, operations: 20, clients: 4, length: 10, recent: 2}, rng.IntN)
		opt.FailedCAS = linear.FailedCASDropped
		v := resolve(h, &opt)
		if v.unplaced(0) >= 0 {
			continue
		}
		res, err := linear.Check(context.Background(), h, opt)
		require.NoError(t, err)
		seen[res.Verdict]++
		cs, _ := v.clusters(0)
		require.Equal(t, res.Verdict, v.newOrderer(cs, 1).order(), "%v", h.Operations)
	}
	require.Equal(t, outcome{1351, 0, 874}, seen)
}

func TestLaggingStoresKeepTheirPromises(t *testing.T) {
	for _, lag := range []int{0, 1, 5} {
		h := lagging(4000, 6, 3, lag)
		require.NoError(t, h.Validate())
		r, err := Judge(context.Background(), h, linear.Options{Model: linear.KV})
		require.NoError(t, err)
		for _, f := range r.Findings {
			want := properties.Pass
			if lag > 0 && f.Level == Linearizable || lag == 5 && f.Level == TwoAtomic {
				want = properties.Fail
			}
			require.Equal(t, want, f.Verdict, "lag %d: %+v", lag, f)
			require.Equal(t, f.Level >= ReadYourWrites, f.Tested > 0)
		}
	}
}

func TestMostOrdersAreFoundAtOnce(t *testing.T) {
	opt := linear.Options{Model: linear.KV, Steps: 2_000_000}
	for _, lag := range []int{0, 2, 100} {
		f := resolve(lagging(40_000, 16, 16, lag), &opt).judgeSequential(context.Background())
		require.Equal(t, Finding{Level: Sequential}, f)
	}
}

// TestAContradictionAmongManyIsFew plants one into a history of so many clients
// that there are no clocks for all.
func TestAContradictionAmongManyIsFew(t *testing.T) {
	h := lagging(6000, 1500, 4, 0)
	last := h.Operations[len(h.Operations)-1].Call
	for i, value := range []int64{1, 2, 1} {
		h.Operations = append(h.Operations, history.Operation{Client: 7, Key: "new", Out: history.Int(-value),
			Call: last + 10_000_000 + int64(2*i), Return: last + 10_000_001 + int64(2*i)})
	}
	for i, value := range []int64{1, 2} {
		h.Operations = append(h.Operations, history.Operation{Client: 8 + i, Key: "new", Kind: history.Write, Arg: history.Int(-value),
			Call: last + 10_000_000, Return: last + 10_000_009})
	}
	sortByCall(h)
	opt := linear.Options{Model: linear.KV, Memory: 32 << 20}
	f := resolve(h, &opt).judgeSequential(context.Background())
	require.Equal(t, "no order that keeps each client's own explains this: client 7 read -1 of new, then read -2 of new, "+
		"then read -1 of new; client 8 wrote -1 to new; client 9 wrote -2 to new", f.Explanation)
	require.Len(t, f.Operations, 5)
}
