package resilience

import (
	"errors"
	"fmt"
)

// Response is what is done at once about a failure, before anything is mended.
type Response uint8

// The responses, from the mildest.
const (
	GracefulDegradation Response = iota // do less, for all
	LocalRestart                        // a fresh process or node
	NodeIsolation                       // nothing from or to the node any more
	ClusterFailover                     // others take over what the node did
	EmergencyResponse                   // stop before more is damaged
)

// String returns a phrase such as "node isolation".
func (r Response) String() string {
	return nameOf(r, "graceful degradation", "local restart", "node isolation", "cluster failover", "emergency response")
}

// responses is total. Of a severity and scope on, what the seeds' five pairs say, and between them:
// a restart mends what is local; what several nodes suffer from is not mended by restarting one of them,
// so the cluster does less at first, and lets others take over when it is bad. For each scope, more
// severity never gets a milder response.
var responses = [4][4]Response{ // by severity, by scope: local, node, cluster, global
	LowSeverity:      {GracefulDegradation, GracefulDegradation, GracefulDegradation, GracefulDegradation},
	MediumSeverity:   {LocalRestart, LocalRestart, GracefulDegradation, GracefulDegradation},
	HighSeverity:     {LocalRestart, NodeIsolation, ClusterFailover, ClusterFailover},
	CriticalSeverity: {NodeIsolation, NodeIsolation, ClusterFailover, EmergencyResponse},
}

// ResponseTo returns the response to failures of that severity and scope. It panics if one of the two
// is not one of those declared.
func ResponseTo(severity Severity, scope Scope) Response {
	if severity > CriticalSeverity || scope > GlobalScope {
		panic(fmt.Sprintf("resilience: no response to %v, %v: they go up to critical and global", severity, scope))
	}
	return responses[severity][scope]
}

// A Responder carries one response out. An error says that it could not.
type Responder interface {
	Respond(f Incident) error
}

// ResponderFunc is a function that is a Responder.
type ResponderFunc func(Incident) error

// Respond calls r.
func (r ResponderFunc) Respond(f Incident) error { return r(f) }

// Responders has one for each response; those that are nil cannot be carried out here.
type Responders [EmergencyResponse + 1]Responder

// ErrNoResponder is wrapped in the error of Respond where nobody can carry a response out.
var ErrNoResponder = errors.New("nobody carries this response out")

// Respond carries out the response to f and returns which it was. Where that fails the next stronger
// one is tried, so that a node that cannot be restarted is isolated; the error then tells all that
// failed, and is nil if one of them worked.
func (rs Responders) Respond(f Incident) (Response, error) {
	var failed []error
	for r := ResponseTo(f.Severity, f.Scope); r <= EmergencyResponse; r++ {
		err := fmt.Errorf("%v: %w", r, ErrNoResponder)
		if rs[r] != nil {
			if err = rs[r].Respond(f); err == nil {
				return r, nil
			}
			err = fmt.Errorf("%v: %w", r, err)
		}
		failed = append(failed, err)
	}
	return ResponseTo(f.Severity, f.Scope), errors.Join(failed...)
}
