// Package network is a lossy, partitioning network.
package network
