// Package service has simulated services to try the patterns of package resilience on: a server
// that is fast, slow, failing, hanging, short of workers or down, as its configuration says
// from when until when, and clients that ask it however it is doing.
//
//	server := n.Add("server", service.Server(service.Config{
//		Workers: 25,
//		Service: network.Normal(20*time.Millisecond, 5*time.Millisecond),
//		Phases:  []service.Phase{{From: 10 * time.Second, Until: 20 * time.Second, Slow: 8}},
//	}))
//	n.Add("clients", service.Clients(service.Load{Server: server, Clients: 1000, Policy: protection}))
//	log := service.Watch(w)
//
// # Server
//
// A request waits in a queue for one of the workers, which is busy with it for a time drawn from
// Config.Service. The queue is first in, first out, has no bound unless one is given, and knows nothing
// of deadlines: work whose client gave up long ago is done like any other. That is how most services
// are, and why overload of them may outlast its cause (Bronson, Aghayev, Charapko, Zhu, "Metastable
// failures in distributed systems", HotOS 2021). Config.Guard puts a policy before the queue: each
// request then runs in a process of the server under it, with the priority and the time that its
// client has left.
//
// A request that the network delivers twice runs once, also if it comes again much later, while the server
// does not crash. A Bug plants a mistake.
//
// # Clients
//
// One node may stand for many clients. Each asks again after a time drawn anew, whether it was answered
// or not: the load is open, as that of many users is (Schroeder, Wierman, Harchol-Balter, "Open versus
// closed: a cautionary tale", NSDI 2006). A request has a kind, which gives it its share of the load,
// its priority and its deadline; it runs under Load.Policy in a process of its own.
//
// # Connections
//
// Dial opens a connection to a server. It may be broken, stale after it was idle, or dirty with an
// unfinished transaction, and the server finds out when two use it at a time: what a pool
// has to cope with. Database, HTTP and Worker are configurations of a server as they are usual.
//
// # What is drawn
//
// All draws have a key: the client and the number of its request, the server and the number of the
// request that it got. Other policies, other phases and other clients do not re-roll when somebody asks
// for what.
package service
