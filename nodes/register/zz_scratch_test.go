package register_test
import ("testing";"phoenix/nodes/register")
func TestScratch(t *testing.T) {
	for _, bug := range []register.Bug{register.NoBug, register.NoWriteBack, register.AmnesiacVotes, register.LocalSequence} {
		n, first := 0, -1
		for seed := range uint64(4000) {
			if good, _ := storm(seed, register.ABD, bug); !good { n++; if first<0 {first=int(seed)} }
		}
		t.Log(bug, n, first)
	}
}
