package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/properties/scenario"
)

// zeros has no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// silent is an input that never says anything; it tells when it is asked.
type silent struct{ asked chan<- bool }

func (s silent) Read([]byte) (int, error) {
	s.asked <- true
	select {}
}

func TestAnInputWithoutAnEndIsRefused(t *testing.T) {
	var stdout, stderr bytes.Buffer
	a := newApp(zeros{}, &stdout, &stderr, nil)
	require.Equal(t, int64(1<<30), a.maxHistory)
	a.maxHistory = 1 << 20
	require.Equal(t, exitBadInput, a.execute(context.Background(), []string{"check", "-"}))
	require.Equal(t, "<stdin>: expected at most 1048576 bytes, found more\n", stderr.String())
	code := newApp(zeros{}, &stdout, &stderr, scenarios(scenario.ABD())).execute(context.Background(), []string{"run", "-"})
	require.Equal(t, exitBadInput, code)
}

func TestABoundIsReachedExactly(t *testing.T) {
	read := func(limit int64) (string, error) {
		text, err := io.ReadAll(&bounded{Reader: strings.NewReader("12345"), limit: limit})
		return string(text), err
	}
	text, err := read(5)
	require.NoError(t, err)
	require.Equal(t, "12345", text)
	_, err = read(4)
	require.EqualError(t, err, "expected at most 4 bytes, found more")
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
