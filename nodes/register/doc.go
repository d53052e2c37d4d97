// Package register has three key-value stores behind one shape: a boot function
// for each server of a cluster, which speaks the request protocol of package
// nodes. One is right where the others are wrong, on purpose: the wrong ones are
// the planted bugs that tests and demonstrations must find.
//
//	store          compare and set  linearizable
//	SingleCopy     yes              with one server that does not crash
//	PrimaryBackup  yes              until the first failover
//	ABD            no               always; it needs a majority that never crashed,
//	                                or, with Config.Durable, one with intact disks
//
// All keep what they know in memory, where a crash loses it; ABD keeps it on disks
// if it is asked to. All remember the newest request of each client, so that a
// message that arrives twice acts once.
//
// A Bug switches on one planted mistake in ABD.
package register
