// Package nodes has what the simulated systems and their clients share: the
// key-value request protocol, operations as data that prints and parses,
// workloads that make scripts of operations, and the client that works through a
// script and tells what it saw.
//
// A server is any network.Handler that answers a Request with a Reply; the
// stores of nodes/register are such, and nodes/nodetest judges whether another
// one is. A Client sends one operation at a time. The beginning and the end of
// each stand in the event stream as an Invocation and a Result, from which a
// checker takes the history:
//
//	invoke  Invocation{Kind, Key, Value, Old}
//	return  OutcomeOK, OutcomeFail or OutcomeInfo, and Result{Value, OK}
//
// A script is a []Op, made by a Workload or written by hand. As text it is one
// operation a line, which is how .simfail files hold it:
//
//	write x 7
//	after 12ms cas x 8
//	read x
package nodes
