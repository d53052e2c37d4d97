package chaos_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim"
	"phoenix/sim/disk"

	"github.com/stretchr/testify/require"
)

// writer is a node that writes a record every 10 ms, first at 5 ms, syncs it, and
// reads all that it has written. What it finds is marked for "w": x if all is well.
type writer struct {
	m    *mesh
	ep   *network.Endpoint
	disk *disk.Disk
	n    int // records
}

const record = 512

// recordOf is the record of a number.
func recordOf(i int) []byte { return bytes.Repeat([]byte{byte(i + 1)}, record) }

func (m *mesh) writer(ep *network.Endpoint) network.Handler {
	w := &writer{m: m, ep: ep, disk: ep.Disk()}
	if log, err := w.disk.ReadFile("log"); err == nil {
		w.n = len(log) / record
		m.boots = append(m.boots, fmt.Sprintf("%d records%s", w.n, w.wrong(log)))
	}
	if _, err := w.disk.Size("head"); errors.Is(err, fs.ErrNotExist) && w.n > 0 {
		m.boots = append(m.boots, "no head")
	}
	var tick *sim.Timer
	tick = ep.Timer("tick", func() {
		w.write()
		tick.Reset(turns)
	})
	tick.Reset(turns - time.Duration(m.world.Now()+sim.Time(turns/2))%turns)
	return nil
}

// wrong tells if a record is not what was written.
func (w *writer) wrong(log []byte) string {
	for i := range len(log) / record {
		if !bytes.Equal(log[i*record:(i+1)*record], recordOf(i)) {
			return fmt.Sprintf(", %d is wrong", i)
		}
	}
	return ""
}

func (w *writer) mark(c byte) {
	row := []byte(w.m.heard["w"] + strings.Repeat(".", 20))[:20]
	row[w.m.now()] = c
	w.m.heard["w"] = string(row)
}

func (w *writer) write() {
	if err := w.disk.Append("log", recordOf(w.n)); err != nil {
		w.mark('f')
		if errors.Is(err, disk.ErrIO) {
			w.mark('e')
		}
		return
	}
	w.n++
	w.disk.WriteAt("tmp", []byte("head"), 0)
	w.disk.Sync("tmp", nil)
	w.disk.Sync("log", func(err error) {
		if err != nil {
			w.mark('s')
			return
		}
		if w.disk.Rename("tmp", "head") == nil {
			w.disk.SyncDir(nil)
		}
		log, err := w.disk.ReadFile("log")
		switch {
		case err != nil:
			w.mark('r')
		case w.wrong(log) != "":
			w.mark('o')
		default:
			w.mark('x')
		}
	})
}

// newWriter is a world of one writer and three idle hosts.
func newWriter(t testing.TB, plan string) *mesh {
	world := sim.New(sim.Config{Seed: 1})
	t.Cleanup(world.Close)
	faults, err := chaos.ParsePlan(plan)
	require.NoError(t, err)
	m := &mesh{world: world, heard: map[string]string{}, net: network.New(world, network.Config{})}
	m.net.Add("w", m.writer)
	m.plan = chaos.Apply(m.net, chaos.Cast{}, faults)
	return m
}

// tellDisk runs the stories of a writer; what its boots found comes last.
func tellDisk(t *testing.T, stories ...story) {
	t.Helper()
	for _, s := range stories {
		m := newWriter(t, s.plan)
		got := m.run("w")
		for _, boot := range m.boots {
			got += "found " + boot + "\n"
		}
		require.Equal(t, strings.TrimLeft(s.want, "\n"), got, "%s", s.plan)
	}
}

// The damage outlasts the fault, and so do the reads that show it.
func TestADiskThatDamagesWhatItHolds(t *testing.T) {
	tellDisk(t, story{`at 20ms for 30ms disk w rot 100%`, `
w xxoooooooo
disk w rot 100%: 1, 37 touched
`}, story{`at 20ms for 30ms disk w misdirected 100%`, `
w xxoooooooo
disk w misdirected 100%: 1, 29 touched
`}, story{`at 20ms for 30ms disk w lost-write 100%`, `
w xxoooooooo
disk w lost-write 100%: 1, 21 touched
`}, story{`
at 20ms for 30ms disk w lost-rename 100%
at 40ms for 1ms crash w`, `
w xxxxxxxxxx
disk w lost-rename 100%: 1, 2 touched
crash w: 1, 1 touched
found 4 records
`})
}

func TestADiskThatFails(t *testing.T) {
	tellDisk(t, story{`at 20ms for 30ms disk w read-error 100%`, `
w xxrrrxxxxx
disk w read-error 100%: 1, 3 touched
`}, story{`at 20ms for 30ms disk w write-error 100%`, `
w xxeeexxxxx
disk w write-error 100%: 1, 3 touched
`}, story{`at 20ms for 30ms disk w sync-error 100%`, `
w xxsssooooo
disk w sync-error 100%: 1, 6 touched
`}, story{`at 20ms for 30ms disk w full`, `
w xxfffxxxxx
disk w full: 1, 3 touched
`})
}

// Each tick has two syncs, and a third after them.
func TestADiskThatTakesItsTime(t *testing.T) {
	tellDisk(t, story{`at 20ms for 30ms disk w slow by 2ms`, `
w xxxxxxxxxx
disk w slow by 2ms: 1, 9 touched
`}, story{`at 20ms for 30ms disk w stall`, `
w xx...xxxxx
disk w stall: 1, 6 touched
`})
}

// The stall keeps two records from being synced.
func TestACrashKeepsWhatItIsToldTo(t *testing.T) {
	const stall = "at 20ms for 30ms disk w stall\n"
	tellDisk(t, story{stall + `at 40ms for 1ms crash w keeping all`, `
w xx...xxxxx
disk w stall: 1, 6 touched
crash w keeping all: 1, 1 touched
found 4 records
`}, story{stall + `at 40ms for 1ms crash w keeping nothing`, `
w xx...xxxxx
disk w stall: 1, 6 touched
crash w keeping nothing: 1, 3 touched
found 2 records
`}, story{stall + "at 40ms for 1ms crash w\nat 45ms for 1ms crash w", `
w xx...ooooo
disk w stall: 1, 4 touched
crash w: 1, 3 touched
crash w: 1, 1 touched
found 4 records, 3 is wrong
found 4 records, 3 is wrong
`}, story{stall + "at 20ms for 30ms disk w torn 100%\nat 40ms for 1ms crash w keeping all", `
w xx...ooooo
disk w stall: 1, 6 touched
disk w torn 100%: 1, 3 touched
crash w keeping all: 1, 1 touched
found 4 records, 2 is wrong
`})
}

func TestAWipedHostBootsWithNothing(t *testing.T) {
	tellDisk(t, story{"at 40ms crash w\nat 50ms restart w wiped", `
w xxxx.xxxxx
crash w: 1, 1 touched
restart w wiped: 1, 1 touched
`}, story{"at 40ms crash w\nat 50ms restart w", `
w xxxx.xxxxx
crash w: 1, 1 touched
restart w: 1, 1 touched
found 4 records
`}, story{"at 40ms restart w wiped", `
w xxxxxxxxxx
restart w wiped: 1, 0 touched
`})
}

// The second record uses up the 1000 bytes; from the next instant on nothing fits.
func TestADiskIsFullOnceItsRoomIsUsedUp(t *testing.T) {
	tellDisk(t, story{`at 20ms for 30ms exhaust w disk 0`, `
w xxfffxxxxx
exhaust w disk 0: 1, 3 touched
`}, story{`at 20ms for 50ms exhaust w disk 1000`, `
w xxxxfffxxx
exhaust w disk 1000: 1, 3 touched
`}, story{`at 20ms for 50ms exhaust w disk 100000`, `
w xxxxxxxxxx
exhaust w disk 100000: 1, 0 touched
`})
}

// A host boots, or goes on, when its disk works again, in whatever order the plan has them.
func TestHealRestartsHostsWhenAllElseIsOver(t *testing.T) {
	for _, plan := range []string{
		"at 40ms for 1h crash w\nat 40ms disk w read-error 100%",
		"at 40ms for 1h crash w\nat 30ms for 20ms disk w rot 100%",
		"at 40ms pause w\nat 40ms exhaust w disk 0",
		"at 30ms slow w by 35ms\nat 40ms disk w write-error 100%",
		"at 30ms for 20ms slow w by 1000h",
		"at 30ms disk w slow by 1h",
	} {
		m := newWriter(t, plan)
		m.world.Run(sim.Limit{Until: sim.Time(62 * time.Millisecond)})
		m.heard = map[string]string{}
		m.plan.Heal()
		m.world.Run(sim.Limit{Until: sim.Time(100 * time.Millisecond)})
		require.Regexp(t, "^[.x]*$", m.heard["w"], plan)
		require.Contains(t, m.heard["w"], "xxxx", plan)
		for _, boot := range m.boots {
			require.Equal(t, "4 records", boot, plan)
		}
	}
}

// What was synced is there again; what a crash tore was not.
func TestHealMakesDisksWholeAgain(t *testing.T) {
	for plan, want := range map[string]string{
		"at 20ms disk w rot 100%":         "",
		"at 20ms disk w misdirected 100%": "",
		"at 20ms disk w lost-write 100%":  "",
		"at 20ms disk w read-error 100%":  "",
		"at 20ms disk w stall":            "",
		"at 20ms exhaust w disk 0":        "",
		"at 20ms disk w stall\nat 20ms disk w torn 100%\nat 40ms for 1ms crash w keeping all": ", 2 is wrong",
	} {
		m := newWriter(t, plan)
		m.run()
		m.plan.Heal()
		m.heard = map[string]string{}
		m.world.Run(sim.Limit{Until: sim.Time(200 * time.Millisecond)})
		mark := map[bool]string{true: "x", false: "o"}[want == ""]
		require.Equal(t, strings.Repeat(mark, 10), m.heard["w"][10:], plan)
		w := &writer{m: m, disk: m.net.Disk(0)}
		log, err := w.disk.ReadFile("log")
		require.NoError(t, err)
		require.Equal(t, want, w.wrong(log), plan)
	}
}
