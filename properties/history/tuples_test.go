package history

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scripted makes an EDN file and a log of events such as "0 invoke write [5 1]".
func scripted(events ...string) (edn, log string) {
	for _, e := range events {
		part := strings.SplitN(e, " ", 4)
		edn += fmt.Sprintf("{:process %s, :type :%s, :f :%s, :value %s}\n", part[0], part[1], part[2], part[3])
		log += fmt.Sprintf("INFO  jepsen.util - %s\t:%s\t:%s\t%s\n", part[0], part[1], part[2], part[3])
	}
	return edn, log
}

func TestTuplesAreToldFromTheFirstCall(t *testing.T) {
	for _, tc := range []struct {
		events []string
		keys   string // of the operations
	}{
		{[]string{"0 invoke read [5 nil]", "0 ok read [5 7]", "0 invoke write [6 1]"}, "5 6"},
		{[]string{"0 invoke cas [5 [1 2]]", "1 invoke write [5 1]"}, "5 5"},
		{[]string{"0 invoke acquire [5 nil]", "0 ok acquire [5 nil]", "0 invoke release [5 nil]"}, "5 5"},
		{[]string{"0 invoke contains [5 1]", "0 ok contains [5 [1 true]]"}, "5"},
		{[]string{":nemesis info start 1", "0 invoke dequeue [5 nil]", "0 ok dequeue [5 nil]"}, "5"},
		{[]string{"0 invoke cas [1 2]", "1 invoke write 1"}, " "},
		{[]string{"0 invoke cas [1 2]", "0 ok cas [1 2]"}, ""},
		{[]string{"0 invoke cas [[1 2] [3 4]]"}, ""},
		{[]string{"0 invoke read nil", "0 ok read [1 2]", "0 invoke write [1 2]"}, " "},
		{[]string{":nemesis info start [1 2]", ":nemesis invoke read [1 2]", "0 invoke write 1"}, ""},
		{[]string{"0 invoke add 1", "1 invoke read nil", "1 ok read #{1 2}"}, " "},
		{[]string{"0 invoke write [1]"}, ""},
		{[]string{"0 invoke write [1 2 3]"}, ""},
		{[]string{"0 invoke write #{1 2}"}, ""},
		{[]string{"0 invoke write [[1] 2]"}, ""},
		{[]string{"0 invoke write [nil 2]"}, ""},
		{[]string{":nemesis info start [1 2]"}, ""},
	} {
		edn, log := scripted(tc.events...)
		for _, text := range []string{edn, log, "[" + edn + "]"} {
			h, err := ReadFrom("test", strings.NewReader(text), ReadOptions{})
			require.NoError(t, err, text)
			var keys []string
			for _, o := range h.Operations {
				keys = append(keys, o.Key)
			}
			require.Equal(t, tc.keys, strings.Join(keys, " "), text)
		}
	}
}

func TestAValueThatIsNoTupleAmongTuplesIsAnError(t *testing.T) {
	edn, _ := scripted(":nemesis info start nil", "0 invoke write [5 1]", "0 ok write [5 1]", "0 invoke read nil")
	_, err := ReadFrom("test", strings.NewReader(edn), ReadOptions{})
	require.EqualError(t, err, "test:4: expected a key or a [key, value] tuple, as in line 2, found nil")

	h, err := ReadFrom("test", strings.NewReader(edn), ReadOptions{Keyed: KeyedNo})
	require.NoError(t, err)
	require.Equal(t, "[5 1]", h.Operations[0].Arg.String())
}

func TestEventsWithAKeyAreNotTakenApart(t *testing.T) {
	const text = `{:process 0 :type :invoke :f :write :key "a" :value [1 2]}
		{:process 1 :type :invoke :f :write :value [5 1]}`
	h, err := ReadFrom("test", strings.NewReader(text), ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, []Operation{
		{Client: 0, Key: "a", Kind: Write, Arg: List(Int(1), Int(2)), Outcome: Unknown, Call: 0, Return: Pending},
		{Client: 1, Key: "5", Kind: Write, Arg: Int(1), Outcome: Unknown, Call: 1, Return: Pending},
	}, h.Operations)
}
