package cli

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/properties/scenario"
)

// endless repeats an event for ever.
type endless struct{ at int }

func (e *endless) Read(p []byte) (int, error) {
	const event = "{:process :nemesis}\n"
	for i := range p {
		p[i] = event[e.at%len(event)]
		e.at++
	}
	return len(p), nil
}

// silent is an input that never says anything; it tells when it is asked.
type silent struct{ asked chan<- bool }

func (s silent) Read([]byte) (int, error) {
	s.asked <- true
	select {}
}

func TestAnInputWithoutAnEndIsRefused(t *testing.T) {
	var stdout, stderr bytes.Buffer
	a := newApp(&endless{}, &stdout, &stderr, nil)
	require.Equal(t, int64(4<<30), a.maxHistory)
	a.maxHistory = 1 << 20
	require.Equal(t, exitBadInput, a.execute(context.Background(), []string{"check", "-"}))
	require.Equal(t, "<stdin>:62264: expected at most 1048576 bytes of text, the limit\n", stderr.String())
	code := newApp(&endless{}, &stdout, &stderr, scenarios(scenario.ABD())).execute(context.Background(), []string{"run", "-"})
	require.Equal(t, exitBadInput, code)
}

func TestAnInterruptEndsTheWaitForInput(t *testing.T) {
	for _, args := range [][]string{{"check", "-"}, {"run", "-"}, {"doctor", "-"}, {"replay", "-"}} {
		ctx, interrupt := context.WithCancelCause(context.Background())
		asked := make(chan bool)
		go func() {
			<-asked
			interrupt(errors.New("enough"))
		}()
		var stdout, stderr bytes.Buffer
		code := newApp(silent{asked}, &stdout, &stderr, scenarios(scenario.ABD())).execute(ctx, args)
		require.Equal(t, exitInterrupted, code, "%v", args)
		if args[0] == "check" {
			require.Equal(t, "INCONCLUSIVE -: it was not read: enough\n", stdout.String())
		}
	}
}

func TestATimeOutEndsTheWaitForAHistory(t *testing.T) {
	asked := make(chan bool, 1)
	var stdout, stderr bytes.Buffer
	code := newApp(silent{asked}, &stdout, &stderr, nil).execute(context.Background(), []string{"check", "-", "--timeout", time.Millisecond.String()})
	require.Equal(t, exitInconclusive, code)
	require.Equal(t, "INCONCLUSIVE -: it was not read: the time-out of 1ms was reached\n", stdout.String())
}
