// Package nodetest judges whether the nodes of a store do what the request
// protocol of package nodes says: one reusable test for all stores. It runs
// them on a quiet network, where nothing is lost and nobody crashes; what a
// store promises beyond that is for its own tests.
package nodetest
