package register

import (
	"phoenix/network"
	"phoenix/nodes"
)

// desk is where clients stand: it lets each request in once, and repeats the
// answer to the newest one. A client has one request at a time, and its IDs
// grow, so the newest is all that has to be remembered. See nodes.Request.
type desk struct {
	ep     *network.Endpoint
	newest map[network.ID]visit
}

// visit is the newest request of a client.
type visit struct {
	id       uint64
	answered bool
	reply    nodes.Reply
}

func newDesk(ep *network.Endpoint) desk { return desk{ep, map[network.ID]visit{}} }

// admit reports whether a request is new, and has to be answered.
func (d *desk) admit(client network.ID, id uint64) bool {
	v, known := d.newest[client]
	switch {
	case !known || id > v.id:
		d.newest[client] = visit{id: id}
		return true
	case id == v.id && v.answered:
		d.ep.Send(client, v.reply)
	}
	return false
}

// answer sends a reply, and keeps it for copies of the request.
func (d *desk) answer(client network.ID, r nodes.Reply) {
	if d.newest[client].id == r.ID {
		d.newest[client] = visit{r.ID, true, r}
	}
	d.ep.Send(client, r)
}

// values is what a server holds; a key that is absent has the value 0.
type values map[string]int64

// apply carries out r and returns the answer.
func (v values) apply(r nodes.Request) nodes.Reply {
	reply := nodes.Reply{ID: r.ID, Code: nodes.OK}
	switch {
	case !r.Valid():
		reply.Code = nodes.Unsupported
	case r.Kind == nodes.Read:
		reply.Value = v[r.Key]
	case r.Kind == nodes.CAS && v[r.Key] != r.Old:
		reply.Code, reply.Value = nodes.CASFailed, v[r.Key]
	default:
		v[r.Key] = r.Value
	}
	return reply
}
