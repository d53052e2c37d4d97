// Package models has small protocols as plain nodes, for package explore to explore and
// for worlds to run, and functions that make a model of each.
//
// The registers Paxos, ABD, SingleCopy and PrimaryBackup share a Harness: servers, and
// clients that each write a value of their own once and then read once, at the next
// server. Their semantics are those of the register examples of Stateright, a checker in
// Rust, so that counts of states can be compared; package register has stores that are
// made for use.
//
// Each model can be given a Bug by name. Tests pin how many states there are, that each
// bug is found where there is something to find, and that none is reported where not.
package models
