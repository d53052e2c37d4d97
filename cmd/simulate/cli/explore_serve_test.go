package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServeShowsAModelUntilAnInterrupt(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, printed := io.Pipe()
	var told bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- newApp(strings.NewReader(""), printed, &told, nil).execute(ctx,
			[]string{"explore", "paxos", "--serve", "--bug", "accept-any-ballot", "--max-states", "1000"})
	}()
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Regexp(t, `^http://127\.0\.0\.1:[0-9]+/\n$`, address)

	answer, err := http.Get(strings.TrimSpace(address) + "api/model")
	require.NoError(t, err)
	defer answer.Body.Close()
	var model map[string]any
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&model))
	require.Equal(t, "paxos", model["name"])
	require.Equal(t, []any{"s0", "s1", "s2", "c3", "c4"}, model["nodes"])
	require.Equal(t, 1000.0, model["maxStates"])
	require.Contains(t, model["about"], "network nonduplicating; faults at most: none; bug accept-any-ballot")

	interrupt()
	require.Equal(t, exitPass, <-ended, "an interrupt is how it is meant to end")
	require.Equal(t, "simulate: paxos is explored at this address until an interrupt\n", told.String())
}

func TestServeIsForThisMachineOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "[::]:0", "example.org:80"} {
		code, stdout, stderr := call(t, context.Background(), nil, "explore", "paxos", "--serve", "--listen", address)
		require.Equal(t, exitUsage, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "is not this machine's loopback: the page is for this machine only")
	}
}
