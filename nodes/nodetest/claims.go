package nodetest

import (
	"cmp"
	"fmt"

	"phoenix/nodes"
)

// claim is one thing that a store must do.
type claim struct {
	says  string
	holds func(k *cluster) error
}

var claims = []claim{
	{"a key never written is absent", absent},
	{"a put is read through every server", readBack},
	{"the last put counts", overwrite},
	{"keys are independent", independentKeys},
	{"a put of 0 is refused and changes nothing", zero},
	{"a compare and set compares", compareAndSet},
	{"a request of unknown kind is refused", unknownKind},
	{"other messages are ignored", strangers},
	{"a request that arrives twice acts once", duplicates},
	{"request IDs of different clients are independent", sameIDs},
	{"clients at the same time are all answered", together},
	{"a sequence of operations has the results of one map", sequence},
}

// The requests of claims; IDs are given out when they are sent.
func get(key string) nodes.Request                  { return nodes.Get(0, key) }
func put(key string, v int64) nodes.Request         { return nodes.Put(0, key, v) }
func cas(key string, old, next int64) nodes.Request { return nodes.CompareAndSet(0, key, old, next) }

func absent(k *cluster) error {
	return k.expect(0, get("x"), nodes.OK, 0)
}

func readBack(k *cluster) error {
	for v := range int64(2 * clients) {
		writer := int(v) % clients
		if err := k.expect(writer, put("x", v+1), nodes.OK, 0); err != nil {
			return err
		}
		for at := range k.servers {
			k.clients[at%clients].home = at
			if err := k.expect(at%clients, get("x"), nodes.OK, v+1); err != nil {
				return fmt.Errorf("through s%d: %w", at, err)
			}
		}
	}
	return nil
}

func overwrite(k *cluster) error {
	return cmp.Or(
		k.expect(0, put("x", 1), nodes.OK, 0),
		k.expect(0, put("x", -2), nodes.OK, 0),
		k.expect(0, get("x"), nodes.OK, -2),
	)
}

func independentKeys(k *cluster) error {
	return cmp.Or(
		k.expect(0, put("x", 1), nodes.OK, 0),
		k.expect(0, put("", 2), nodes.OK, 0),
		k.expect(0, get("y"), nodes.OK, 0),
		k.expect(0, get("x"), nodes.OK, 1),
		k.expect(0, get(""), nodes.OK, 2),
	)
}

func zero(k *cluster) error {
	return cmp.Or(
		k.expect(0, put("x", 0), nodes.Unsupported, 0),
		k.expect(0, get("x"), nodes.OK, 0),
		k.expect(0, put("x", 1), nodes.OK, 0),
		k.expect(0, put("x", 0), nodes.Unsupported, 0),
		k.expect(0, get("x"), nodes.OK, 1),
	)
}

func compareAndSet(k *cluster) error {
	if !k.store.CAS {
		return cmp.Or(
			k.expect(0, cas("x", 0, 1), nodes.Unsupported, 0),
			k.expect(0, get("x"), nodes.OK, 0),
		)
	}
	return cmp.Or(
		k.expect(0, cas("x", 9, 1), nodes.CASFailed, 0),
		k.expect(0, get("x"), nodes.OK, 0),
		k.expect(0, cas("x", 0, 1), nodes.OK, 0),
		k.expect(0, cas("x", 0, 2), nodes.CASFailed, 1),
		k.expect(0, cas("x", 1, 0), nodes.Unsupported, 0),
		k.expect(0, cas("x", 1, 3), nodes.OK, 0),
		k.expect(0, cas("y", 3, 4), nodes.CASFailed, 0),
		k.expect(0, get("x"), nodes.OK, 3),
	)
}

func unknownKind(k *cluster) error {
	odd := nodes.Request{Invocation: nodes.Invocation{Kind: 200, Key: "x", Value: 1}}
	return cmp.Or(
		k.expect(0, odd, nodes.Unsupported, 0),
		k.expect(0, get("x"), nodes.OK, 0),
	)
}

// stranger is a message that no store knows.
type stranger struct{ Text string }

func strangers(k *cluster) error {
	for server := range k.servers {
		for _, msg := range []any{nil, "hello", stranger{"hello"}, nodes.Reply{ID: 1, Code: nodes.OK}} {
			k.send(0, server, msg)
		}
	}
	k.settle()
	if p := k.clients[0]; len(p.replies)+len(p.strange) > 0 {
		return fmt.Errorf("a message that is no request was answered: %v %v", p.replies, p.strange)
	}
	return cmp.Or(
		k.expect(0, put("x", 1), nodes.OK, 0),
		k.expect(0, get("x"), nodes.OK, 1),
	)
}

// duplicates has copies of a put arrive at every stage: before the answer, after
// it, and after a later put, when they must not bring the old value back.
func duplicates(k *cluster) error {
	if err := k.expect(0, put("x", 1), nodes.OK, 0); err != nil {
		return err
	}
	p := k.clients[0]
	second := nodes.Put(k.id(), "x", 2)
	k.send(0, p.home, second)
	answer, err := k.ask(0, p.home, second)
	if err != nil {
		return err
	}
	k.settle()
	again, err := k.ask(0, p.home, second)
	if err != nil {
		return err
	}
	if answer.Code != nodes.OK || again != answer {
		return fmt.Errorf("copies of %s were answered by %s and %s, expected ok twice", second, answer, again)
	}
	if err := k.expect(1, put("x", 3), nodes.OK, 0); err != nil {
		return err
	}
	k.send(0, p.home, second)
	k.settle()
	if err := cmp.Or(k.expect(1, get("x"), nodes.OK, 3), k.expect(0, get("x"), nodes.OK, 3)); err != nil {
		return fmt.Errorf("after a late copy of the put before: %w", err)
	}
	n := len(p.replies)
	k.send(0, p.home, second)
	k.settle()
	if len(p.replies) > n {
		return fmt.Errorf("%s, older than the newest of its client, was answered by %s", second, p.replies[n])
	}
	return k.expect(2, get("x"), nodes.OK, 3)
}

// sameIDs has two clients use the same request IDs.
func sameIDs(k *cluster) error {
	for c := range 2 {
		k.ids = 0
		if err := k.expect(c, put("x", int64(c)+1), nodes.OK, 0); err != nil {
			return err
		}
		if err := k.expect(c, get("x"), nodes.OK, int64(c)+1); err != nil {
			return err
		}
	}
	return nil
}

// together has all clients in the middle of something at once.
func together(k *cluster) error {
	for c := range k.clients {
		if err := k.expect(c, put("x", int64(100+c)), nodes.OK, 0); err != nil {
			return err // by now each knows whom to ask
		}
	}
	before := make([]int, clients)
	for c, p := range k.clients {
		before[c] = len(p.replies)
		k.send(c, p.home, nodes.Put(k.id(), "x", int64(1+c)))
	}
	for c, p := range k.clients {
		k.wait(c, before[c])
		if got := p.replies[before[c]:]; len(got) != 1 || got[0].Code != nodes.OK {
			return fmt.Errorf("of %d clients at the same time, number %d received %v, expected one ok", clients, c, got)
		}
	}
	got, err := k.do(0, get("x").Invocation)
	if err == nil && (got.Value < 1 || got.Value > clients) {
		err = fmt.Errorf("after puts of 1 to %d, %d was read", clients, got.Value)
	}
	return err
}

// sequence compares a long mixture of operations, one at a time, with a map.
func sequence(k *cluster) error {
	model := map[string]int64{}
	draw := k.world.Key("nodetest").Rand()
	for i := range int64(200) {
		client, key := draw.IntN(clients), nodes.KeyName(draw.IntN(2))
		now := model[key]
		var err error
		switch choice := draw.IntN(4); {
		case choice < 2:
			err = k.expect(client, get(key), nodes.OK, now)
		case choice == 2 && k.store.CAS && now%2 == 0:
			err = k.expect(client, cas(key, now, i+1), nodes.OK, 0)
			model[key] = i + 1
		case choice == 2 && k.store.CAS:
			err = k.expect(client, cas(key, now+1, i+1), nodes.CASFailed, now)
		default:
			err = k.expect(client, put(key, i+1), nodes.OK, 0)
			model[key] = i + 1
		}
		if err != nil {
			return fmt.Errorf("operation %d: %w", i, err)
		}
	}
	return nil
}
