package disk_test

import (
	"fmt"

	"phoenix/sim"
	"phoenix/sim/disk"
)

// A host writes a record and does not wait for the sync: the crash takes it.
func Example() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	disks := disk.NewArray(w, disk.Config{Model: disk.Ext4})
	h := w.AddHost("a", func(h *sim.Host) {
		d := disks.Mount(h, h.Epoch())
		log, err := d.ReadFile("log")
		fmt.Printf("boot: log %q, %v\n", log, err)
		if h.Epoch() > 0 {
			return
		}
		h.Go("writer", func(p *sim.Proc) {
			_ = d.Append("log", []byte("one "))
			fmt.Println("sync:", d.SyncWait(p, "log"))
			_ = d.Append("log", []byte("two "))
			p.Sleep(sim.Duration(1e9))
		})
	})
	disks.Disk(h).OnCrash(disk.KeepNothing)
	w.At(sim.Time(1e6), h.Crash)
	w.At(sim.Time(2e6), h.Restart)
	w.Run(sim.Limit{})
	// Output:
	// boot: log "", read log: file does not exist
	// sync: <nil>
	// boot: log "one ", <nil>
}

// A file is replaced by writing a new one and renaming it. Without a sync between the
// two, a strict disk may keep the name and lose the data: all states tell.
func ExampleEnumerate() {
	replace := func(sync bool) func(p *sim.Proc, d *disk.Disk) {
		return func(p *sim.Proc, d *disk.Disk) {
			_ = d.Append("new", []byte("v"))
			if sync {
				_ = d.SyncWait(p, "new")
			}
			_ = d.Rename("new", "value")
			_ = d.SyncDirWait(p)
		}
	}
	for _, sync := range []bool{false, true} {
		bad := 0
		count, err := disk.Enumerate(disk.Config{}, 0, replace(sync), func(c disk.Crash) bool {
			if v, ok := c.Image.Read("value"); ok && string(v) != "v" {
				bad++
			}
			return true
		})
		fmt.Printf("sync %t: %v, %d bad, error %v\n", sync, count, bad, err)
	}
	// Output:
	// sync false: 28 states in 5 moments, 9 distinct images, 9 bad, error <nil>
	// sync true: 20 states in 7 moments, 6 distinct images, 0 bad, error <nil>
}

// A bit flips on the medium, and is put right.
func ExampleDisk_Inject() {
	w := sim.New(sim.Config{})
	defer w.Close()
	d := disk.NewArray(w, disk.Config{}).Disk(w.AddHost("a", nil))
	w.Run(sim.Limit{})
	_ = d.Append("log", []byte("hello"))
	d.Sync("log", nil)
	w.Run(sim.Limit{})

	rot := d.Inject(disk.Fault{Kind: disk.Rot})
	log, _ := d.ReadFile("log")
	fmt.Printf("%q, fired %d, effect %d\n", log, rot.Fired, rot.Effect)
	rot.Heal()
	log, _ = d.ReadFile("log")
	fmt.Printf("%q\n", log)
	// Output:
	// "hel,o", fired 1, effect 1
	// "hello"
}
