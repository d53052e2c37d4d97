package scenario

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// A Metric is a number that tells how a run went, and judges nothing. It is an
// integer, so that it is the same on every machine.
type Metric struct {
	Name string `json:"name"` // in words, such as "servers apart"; no other of the run has it
	// Unit says what Value counts, such as "bytes"; Nanoseconds is shown as a time.
	Unit  string `json:"unit"`
	Value int64  `json:"value"`
}

// Nanoseconds is the unit of times.
const Nanoseconds = "ns"

// A Summary is what the values of a metric were in the runs of a campaign. Median
// and P99 are percentiles by nearest rank, so each is the value of some run.
type Summary struct {
	Name   string `json:"name"`
	Unit   string `json:"unit"`
	Runs   int    `json:"runs"` // that had the metric
	Min    int64  `json:"min"`
	Median int64  `json:"median"`
	P99    int64  `json:"p99"`
	Max    int64  `json:"max"`
}

// Summaries are those of a campaign.
type Summaries []Summary

// WriteText prints s as a table, without spread if there was but one run. It names
// those metrics that not all of the runs had.
func (s Summaries) WriteText(w io.Writer, runs int) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if runs == 1 {
		fmt.Fprintln(tab, "metric\tvalue")
	} else {
		fmt.Fprintln(tab, "metric\tmin\tmedian\tp99\tmax")
	}
	for _, m := range s {
		name, unit := m.Name, " "+m.Unit
		if m.Runs < runs {
			name = fmt.Sprintf("%s (in %d of %d runs)", name, m.Runs, runs)
		}
		if m.Unit == Nanoseconds {
			unit = ""
		}
		if runs == 1 {
			fmt.Fprintf(tab, "%s\t%s%s\n", name, m.shown(m.Max), unit)
			continue
		}
		for _, v := range []int64{m.Min, m.Median, m.P99} {
			name += "\t" + m.shown(v)
		}
		fmt.Fprintf(tab, "%s\t%s%s\n", name, m.shown(m.Max), unit)
	}
	return tab.Flush()
}

// shown is a value as people read it: a time to the millisecond if it is a second or
// more, else to the microsecond.
func (s *Summary) shown(value int64) string {
	switch d := time.Duration(value); {
	case s.Unit != Nanoseconds:
		return strconv.FormatInt(value, 10)
	case d.Abs() >= time.Second:
		return d.Round(time.Millisecond).String()
	default:
		return d.Round(time.Microsecond).String()
	}
}

// values are those of a metric in the runs that had it.
type values struct {
	name, unit string
	place      int // the last at which a run had it
	all        []int64
}

// measured adds the metrics of a run.
func (c *Campaign) measured(run []Metric) {
	for i, m := range run {
		at := slices.IndexFunc(c.metrics, func(v values) bool { return v.name == m.Name && v.unit == m.Unit })
		if at < 0 {
			at = len(c.metrics)
			c.metrics = append(c.metrics, values{name: m.Name, unit: m.Unit})
		}
		v := &c.metrics[at]
		v.place, v.all = max(v.place, i), append(v.all, m.Value)
	}
}

// Metrics sums up the metrics of all runs. They come as in a run that had all of
// them; in what order the runs were added does not matter. It takes O(n log n) for n
// runs.
func (c *Campaign) Metrics() Summaries {
	inPlace := slices.Clone(c.metrics)
	slices.SortFunc(inPlace, func(a, b values) int {
		return cmp.Or(a.place-b.place, cmp.Compare(a.name, b.name), cmp.Compare(a.unit, b.unit))
	})
	var s Summaries
	for _, v := range inPlace {
		all := slices.Sorted(slices.Values(v.all))
		s = append(s, Summary{
			Name: v.name, Unit: v.unit, Runs: len(all),
			Min: all[0], Median: nearestRank(all, 50), P99: nearestRank(all, 99), Max: all[len(all)-1],
		})
	}
	return s
}

// nearestRank returns the p-th percentile of values in order: the least that p
// percent of them do not exceed.
func nearestRank(sorted []int64, p int) int64 {
	return sorted[(len(sorted)*p+99)/100-1]
}
