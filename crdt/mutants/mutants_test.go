package mutants_test

import (
	"testing"

	"phoenix/properties/laws"
)

func TestThePlainTypesKeepTheLaws(t *testing.T) {
	t.Run("set", func(t *testing.T) { laws.Test(t, sets[right]()) })
	t.Run("map", func(t *testing.T) { laws.Test(t, dictionaries[right]()) })
	t.Run("register", func(t *testing.T) { laws.Test(t, registers[right]()) })
	t.Run("health", func(t *testing.T) { laws.Test(t, healths[right]()) })
}

func show[S any](t *testing.T, name string, typ laws.Type[S], ls ...laws.Law) {
	f, s := laws.Shortest(typ, laws.Options{Laws: laws.SetOf(ls...), Depth: 6})
	if f == nil {
		t.Logf("%s: none %+v", name, s)
	} else {
		t.Logf("%s: law %d %+v\n%v", name, f.Law, s, f)
	}
	r, g := laws.Bulk(typ, laws.Options{Laws: laws.SetOf(17), Histories: 20000})
	t.Log(r.Histories, g != nil)
	if g != nil {
		t.Log(g)
	}

}

func TestShow(t *testing.T) {
	show(t, "M1", sets[m1](), 11)
	show(t, "M1", sets[m1](), 15)
	show(t, "M2", sets[m2](), 11)
	show(t, "M3", sets[m3](), 12)
	show(t, "M6", sets[m6](), 21)
	show(t, "M9", sets[m9](), 10)
	show(t, "M10", sets[m10](), 15)
	show(t, "M11", sets[m11](), 15)
	show(t, "M12", sets[m12](), 13)
	show(t, "M25", sets[m25](), 19)
	show(t, "S4", sets[s4](), 13)
	show(t, "M13", dictionaries[m13](), 14)
	show(t, "M4", registers[m4](), 16)
	show(t, "M16", registers[m16](), 2)
	show(t, "Ms", registers[ms](), 2)
	show(t, "M18", registers[m18](), 16)
	show(t, "S2", healths[s2](), 15)
}
