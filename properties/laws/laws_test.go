package laws_test

import (
	"testing"

	"phoenix/properties/laws"
)

func TestTypesKeepTheLaws(t *testing.T) {
	t.Run("AddWinsSet", func(t *testing.T) { laws.Test(t, laws.AddWinsSet()) })
	t.Run("RemoveWinsSet", func(t *testing.T) { laws.Test(t, laws.RemoveWinsSet()) })
	t.Run("GSet", func(t *testing.T) { laws.Test(t, laws.GSet()) })
	t.Run("TwoPhaseSet", func(t *testing.T) { laws.Test(t, laws.TwoPhaseSet()) })
	t.Run("EnableWinsFlag", func(t *testing.T) { laws.Test(t, laws.EnableWinsFlag()) })
	t.Run("DisableWinsFlag", func(t *testing.T) { laws.Test(t, laws.DisableWinsFlag()) })
	t.Run("MVRegister", func(t *testing.T) { laws.Test(t, laws.MVRegister()) })
	t.Run("GCounter", func(t *testing.T) { laws.Test(t, laws.GCounter()) })
	t.Run("PNCounter", func(t *testing.T) { laws.Test(t, laws.PNCounter()) })
	t.Run("BoundedCounter", func(t *testing.T) { laws.Test(t, laws.BoundedCounter()) })
	t.Run("LWWRegister", func(t *testing.T) { laws.Test(t, laws.LWWRegister()) })
	t.Run("LWWMap", func(t *testing.T) { laws.Test(t, laws.LWWMap()) })
	t.Run("Cell", func(t *testing.T) { laws.Test(t, laws.Cell()) })
	t.Run("TombstoneMap", func(t *testing.T) { laws.Test(t, laws.TombstoneMap()) })
	t.Run("ORMap", func(t *testing.T) { laws.Test(t, laws.ORMap()) })
	t.Run("DeepMap", func(t *testing.T) { laws.Test(t, laws.DeepMap()) })
	t.Run("CounterMap", func(t *testing.T) { laws.Test(t, laws.CounterMap()) })
}

func BenchmarkAddWinsSet(b *testing.B) {
	r, f := laws.Bulk(laws.AddWinsSet(), laws.Options{Histories: b.N, Steps: 24, Sample: 16})
	if f != nil {
		b.Fatal(f)
	}
	b.ReportMetric(float64(r.Histories)/b.Elapsed().Seconds(), "histories/s")
	b.ReportMetric(float64(r.Steps)/float64(r.Histories), "steps/history")
}
