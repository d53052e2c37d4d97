package laws

import (
	"pgregory.net/rapid"

	"phoenix/properties"
)

// Test checks that typ keeps all laws that it can have. It runs Bulk, the same
// histories every time, and Churn, then as many histories as -rapid.checks says that
// rapid draws and, if one fails, shortens. A failure prints the law and the history, in
// the shortest form that was found, for Replay. A run that could not have failed a law
// fails t too, and says what was missing. Without options it checks 1000 histories,
// each law in one of 4; those that rapid draws are checked for all laws.
func Test[S any](t rapid.TB, typ Type[S], options ...Options) {
	t.Helper()
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	if o.Histories == 0 && o.Sample == 0 {
		o.Histories, o.Sample = 1000, 4
	}
	laws := everyLaw(o.Laws)
	report, f := Bulk(typ, o)
	switch {
	case f != nil:
		t.Fatalf("%v", shorter(typ, f, o))
	case report.Verdict() != properties.Pass:
		t.Fatalf("%v", report)
	}
	if f := Churn(typ); f != nil && laws.Has(19) {
		t.Fatalf("%v", f)
	}
	rapid.Check(t, func(t *rapid.T) {
		h := Histories(len(typ.Ops), o).Draw(t, "history")
		if f := check(&typ, h, laws, &seen{}); f != nil {
			t.Fatalf("%v", shorten(&typ, f))
		}
	})
}

// shorter looks for a shorter history than that of f which breaks its law, for a while.
func shorter[S any](typ Type[S], f *Failure, o Options) *Failure {
	o.Laws, o.Depth, o.Budget = SetOf(f.Law), len(f.History)-1, 20_000
	if o.Depth > 0 {
		if g, _ := Shortest(typ, o); g != nil && g.Law == f.Law {
			return g
		}
	}
	return f
}

// Histories has rapid draw histories of copies that have so many operations.
func Histories(ops int, o Options) *rapid.Generator[History] {
	o = o.filled()
	return rapid.Custom(func(t *rapid.T) History {
		done := 0
		one := rapid.Custom(func(t *rapid.T) Step {
			s := Step{At: uint8(rapid.IntRange(0, o.Copies-1).Draw(t, "copy"))}
			limit := 1
			switch n := rapid.IntRange(0, 19).Draw(t, "what"); {
			case n < 9 && done < maxEvents:
				s.Kind, limit = Do, ops
				done++
			case n < 14 && done > 0:
				s.Kind, limit = Receive, done
			case n < 16:
				s.Kind, limit = Merge, o.Copies
			case n < 18:
				s.Kind, limit = CatchUp, o.Copies
			case n < 19:
				s.Kind = Save
			default:
				s.Kind = Crash
			}
			s.Arg = uint8(rapid.IntRange(0, limit-1).Draw(t, "which"))
			return s
		})
		return rapid.SliceOfN(one, 1, o.Steps).Draw(t, "steps")
	})
}
