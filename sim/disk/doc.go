// Package disk is a simulated disk that is honest about crashes: what a program has
// written is there at once, and durable only after a sync. What was not synced may
// survive a crash of the host in part, in any way that the file system permits; which
// way is drawn for each crash, can be forced, and can be enumerated.
//
// # Files
//
// A [Disk] has files in one flat directory. [Disk.WriteAt], [Disk.Append],
// [Disk.Truncate], [Disk.Create], [Disk.Rename] and [Disk.Remove] take no time: they
// change the page cache. [Disk.Sync] and [Disk.SyncDir] take the latency of the
// configuration and call back, as a task of the host; [Disk.SyncWait] and
// [Disk.SyncDirWait] block a process instead. A sync covers what was written before
// the call.
//
// The disk belongs to the host and outlives crashes. A handle belongs to one boot (see
// [Array.Mount]): after the crash its operations do nothing and return [ErrClosed], as
// they do for the deferred calls of a process that is unwound.
//
// # What survives a crash
//
// Each sector of a file holds what it held at some moment since its last sync, each
// for itself. (The page cache writes whole sectors, so a later write takes the earlier
// ones of its sector along. Torn breaks a sector.) The rest depends on the [Model]:
//
//	                       strict                          ext4
//	size of a file         any that it had                 as truncated, and any part of what was
//	                                                       appended since, by sectors
//	appended sectors       new, older, zeros or garbage    as new as the size needs, or newer
//	directory operations   any; none without an earlier    a prefix, with truncations in it
//	                       one on the same name
//	Sync of a file         its data and size               also all directory operations before it
//	SyncDir                all directory operations        the same
//	rename over a file     nothing more                    the data of the new one is durable first
//
// Strict is what POSIX leaves open; that file systems do use such freedom, and what
// programs get wrong then, is in Pillai et al., "All File Systems Are Not Created
// Equal: On the Complexity of Crafting Crash-Consistent Applications" (OSDI 2014),
// sections 2 and 3 and table 1; its tool ALICE enumerates states as [Enumerate] does.
// Ext4 stands for ext4 with data=ordered, delayed allocation and auto_da_alloc. A
// rename is atomic in both. Garbage is noise, never what another file once held.
//
// [Disk.OnCrash] forces what the crashes to come keep. Otherwise each decision is
// drawn from the host, the number of the crash, and the file and sector, or the
// number of the directory operation; see [KeepSome].
//
// # Faults
//
// [Disk.Inject] puts a [Fault] into force: torn sectors, misdirected and lost writes,
// lost renames, rot, errors, a full, slow or stalled disk. What one strikes is drawn
// from its kind and name, the file, and the number of the operation or sector: so a
// fault more or less leaves the strikes of the others as they are, as long as
// programs do the same. Where a misdirected write lands depends on the sectors there are.
//
// Damage is a mask over what the medium was meant to hold, which is kept:
// [Injected.Heal] and [Disk.HealMedium] take it off again, but for a lost rename on the
// results of which programs have built. A write of a whole sector
// takes it off too; a write of a part leaves the rest damaged. Damage shows in every
// read of what was synced, at once: there is no cache of clean pages. A lost rename
// shows after the next crash. A [Budget] refuses damage that would leave too few good
// copies of the same data.
//
// After a failed sync the file system takes the pages for clean, so that a second sync
// succeeds and the data is lost all the same: Rebello et al., "Can Applications Recover
// from fsync Failures?" (USENIX ATC 2020), section 3. With Ext4 programs go on seeing
// what they wrote until the host crashes, and the file keeps its length, with zeros or
// its old bytes in it; with Strict they see the last synced state, as on Btrfs. All that
// the sync would have written is lost, never a part (where a kernel would write it along
// with a later change of its page); pending names are not, they become durable with the
// next sync of the directory.
//
// # Events
//
// Each change, each end of a sync, each error and each loss in a crash is a [sim.Disk]
// event; reads are none. The event of a write has a hash of the bytes, their offset and
// number, not the bytes.
//
// # Cost and limits
//
// Writing takes time in the bytes written, reading in those read; a disk without faults
// draws nothing. A crash takes time in the unsynced changes and the sectors of the files
// they concern. A disk keeps two copies of each file, and all changes since the last
// sync: a file that is never synced grows without end. There are no folders, links,
// permissions or descriptors: an open file that is removed is gone. Like its world, a
// disk is for one goroutine at a time.
package disk
