package browse

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties/explore"

	"github.com/stretchr/testify/require"
)

// ask sends a request as a page of the server does, changed by change if that is not nil.
func ask(s *Server, method, target string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+target, nil)
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	return rec
}

// read decodes an answer of that status.
func read[T any](t *testing.T, rec *httptest.ResponseRecorder, status int) T {
	t.Helper()
	require.Equal(t, status, rec.Code, rec.Body.String())
	require.Equal(t, "application/json; charset=utf-8", rec.Header().Get("Content-Type"))
	var v T
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &v))
	return v
}

func stateOf(t *testing.T, s *Server, path ...string) stateReply {
	t.Helper()
	return read[stateReply](t, ask(s, "GET", "/api/state?path="+strings.Join(path, "/"), nil), http.StatusOK)
}

// problemOf returns the error that a state's address gives.
func problemOf(t *testing.T, s *Server, path string, status int) string {
	t.Helper()
	return read[map[string]string](t, ask(s, "GET", "/api/state?path="+path, nil), status)["error"]
}

func TestAStateIsReachedByThePathThatItsPredecessorsGive(t *testing.T) {
	s := serverOf(t, Config{About: "two nodes"})
	m := read[modelReply](t, ask(s, "GET", "/api/model", nil), http.StatusOK)
	require.Equal(t, modelReply{Name: "letters " + markup, About: "two nodes", Nodes: []string{"writer", "reader <b>"},
		MaxStates: DefaultMaxStates}, m)

	none := stateOf(t, s)
	require.Nil(t, none.Scene)
	require.Len(t, none.Next, 1)
	boot := none.Next[0].Fingerprint
	first := stateOf(t, s, boot)
	require.Equal(t, "timer", first.Next[0].Kind)
	tick := first.Next[0].Fingerprint
	second := stateOf(t, s, boot, tick)
	require.Len(t, second.Path, 2)
	require.Equal(t, "tick", second.Path[1].About)
	text := "letter{Number: 1, Text: " + markup + "}"
	require.Equal(t, []flight{{From: 0, To: 1, Text: text, Sent: 1}}, second.Flights)
	require.Equal(t, []telling{{Node: 0, Step: 1, Text: "notes " + markup}}, second.Tellings)
	require.Equal(t, "changed", second.Scene.Nodes[0].Fields[0].Change)

	for _, next := range second.Next {
		if next.Kind == "crash" {
			require.Equal(t, []int{1}, stateOf(t, s, boot, tick, next.Fingerprint).Path[2].Down)
		}
	}
}

func TestBadPathsAreRefusedWithThePlace(t *testing.T) {
	s := serverOf(t, Config{})
	boot := stateOf(t, s).Next[0].Fingerprint
	for path, want := range map[string]string{
		"xyz":                           `place 1 of the path: "xyz", expected a fingerprint of 1 to 16 hex`,
		boot + "//" + boot:              `place 2 of the path: "", expected a fingerprint`,
		boot + "/-1":                    `place 2 of the path: "-1"`,
		boot + "/0123456789abcdef0":     `place 2 of the path: "0123456789abcdef0"`,
		strings.Repeat("0/", maxPath+1): "a path of 5001 states, expected at most 5000",
	} {
		require.Contains(t, problemOf(t, s, path, http.StatusBadRequest), want)
	}
	require.Contains(t, problemOf(t, s, "0", http.StatusNotFound), "of 1, 0000000000000000: it is not an initial state")
	require.Contains(t, problemOf(t, s, boot+"/"+boot, http.StatusNotFound), "place 2 of the path of 2")
	require.Contains(t, problemOf(t, s, boot+"/"+boot, http.StatusNotFound), "another model")
}

func TestRequestsToAnotherHostAreRefused(t *testing.T) {
	s := serverOf(t, Config{})
	for host, status := range map[string]int{
		"127.0.0.1:8080": 200, "127.0.0.1": 200, "localhost:8080": 200, "LOCALHOST": 200,
		"[::1]:8080": 200, "[::1]": 200, "evil.example:8080": 403, "127.0.0.1.evil.example": 403,
		"localhost.evil.example": 403, "192.168.0.1:8080": 403, "0.0.0.0:8080": 403, "": 403,
	} {
		for _, target := range []string{"/", "/main.js", "/api/model", "/api/state?path=", "/api/search"} {
			rec := ask(s, "GET", target, func(r *http.Request) { r.Host = host })
			require.Equal(t, status, rec.Code, "%s %s", host, target)
		}
	}
}

func TestRequestsOfAnotherSiteStartNothing(t *testing.T) {
	s := serverOf(t, Config{})
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"} {
		rec := ask(s, "POST", "/api/search", func(r *http.Request) { r.Header.Set(name, value) })
		require.Equal(t, http.StatusForbidden, rec.Code)
	}
	require.False(t, read[searchReply](t, ask(s, "GET", "/api/search", nil), http.StatusOK).Running)
	for _, value := range []string{"same-origin", "none"} {
		rec := ask(s, "POST", "/api/search", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", value) })
		require.Equal(t, http.StatusAccepted, rec.Code)
	}
}

func TestMethodsThatMakeNoSenseAreRefused(t *testing.T) {
	s := serverOf(t, Config{})
	for target, methods := range map[string][]string{
		"/": {"POST", "PUT"}, "/api/model": {"POST", "DELETE"}, "/api/state": {"POST", "PATCH"},
		"/api/search": {"PUT"}, "/style.css": {"DELETE"},
	} {
		for _, method := range methods {
			require.Equal(t, http.StatusMethodNotAllowed, ask(s, method, target, nil).Code, "%s %s", method, target)
		}
	}
	require.Equal(t, http.StatusNotFound, ask(s, "GET", "/api/nothing", nil).Code)
	require.Equal(t, http.StatusNotFound, ask(s, "GET", "/server.go", nil).Code)
}

// TestThePageUsesNothingButThisServer holds the page to its own policy: no script or style in
// it, and no address of anything elsewhere.
func TestThePageUsesNothingButThisServer(t *testing.T) {
	s := serverOf(t, Config{})
	script := "text/javascript"
	for target, kind := range map[string]string{"/": "text/html", "/style.css": "text/css", "/icon.svg": "image/svg+xml",
		"/main.js": script, "/dom.js": script, "/next.js": script, "/search.js": script, "/sequence.js": script,
		"/state.js": script} {
		rec := ask(s, "GET", target, nil)
		require.Equal(t, http.StatusOK, rec.Code, target)
		require.Contains(t, rec.Header().Get("Content-Type"), kind)
		require.Equal(t, "no-store", rec.Header().Get("Cache-Control"))
		require.Contains(t, rec.Header().Get("Content-Security-Policy"), "default-src 'none'; script-src 'self';")
		body := strings.ReplaceAll(rec.Body.String(), "http://www.w3.org/2000/svg", "")
		for _, banned := range []string{"http:", "https:", "eval(", "innerHTML", "outerHTML", "insertAdjacentHTML",
			"document.write", "<style", " style=", " onclick="} {
			require.NotContains(t, body, banned, target)
		}
	}
}

func TestOnlyLoopbackAddressesAreListenedOn(t *testing.T) {
	for _, address := range []string{"0", "127.0.0.1:0", "localhost:0", ":0"} {
		ln, err := Listen(address)
		require.NoError(t, err, address)
		require.True(t, ln.Addr().(*net.TCPAddr).IP.IsLoopback(), "%s: %s", address, ln.Addr())
		require.NoError(t, ln.Close())
	}
	for address, want := range map[string]string{
		"0.0.0.0:0": `host "0.0.0.0" is not this machine's loopback`, "[::]:0": "is not this machine's loopback",
		"example.org:80": "is not this machine's loopback",
		"192.168.1.1:0":  "is not this machine's loopback",
		"1:2:3":          "expected a port, or such as 127.0.0.1:8080", "x": "x", "70000": "invalid port",
	} {
		_, err := Listen(address)
		require.ErrorContains(t, err, want, address)
	}
}

func startSearch(t *testing.T, s *Server) searchReply {
	t.Helper()
	return read[searchReply](t, ask(s, "POST", "/api/search", nil), http.StatusAccepted)
}

// awaitEnd asks until no search runs.
func awaitEnd(t *testing.T, s *Server) searchReply {
	t.Helper()
	for range 1000 {
		if r := read[searchReply](t, ask(s, "GET", "/api/search", nil), http.StatusOK); !r.Running {
			return r
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the search does not end")
	return searchReply{}
}

func TestASearchOffersACounterexampleThatCanBeWalked(t *testing.T) {
	s := serverOf(t, Config{})
	require.False(t, awaitEnd(t, s).Ended, "none has run")
	require.True(t, startSearch(t, s).Running)
	r := awaitEnd(t, s)
	require.Equal(t, "fail", r.Verdict)
	require.Equal(t, "it has two "+markup, r.Outcomes[0].Detail)
	require.Equal(t, 3, r.Outcomes[0].Steps)
	state := stateOf(t, s, r.Outcomes[0].Path)
	require.Len(t, state.Path, 4)
	require.Equal(t, "violated", state.Scene.Claims[0].Status)
}

// endless has a counter that only grows.
func endless() explore.Model {
	boot := func(ep *network.Endpoint) network.Handler {
		w := &writer{ep: ep}
		w.tick = ep.Timer("tick", func() { w.Sent++; w.tick.Reset(1) })
		w.tick.Reset(1)
		return w
	}
	return explore.Model{Name: "endless", Nodes: []explore.Node{{Name: "n", Boot: boot}}}
}

func TestASearchEndsWhenItIsToldToOrAtItsBound(t *testing.T) {
	s := serverOf(t, Config{Model: endless(), Search: explore.Config{MaxBytes: 1 << 40}})
	ask(s, "POST", "/api/search", nil)
	require.True(t, startSearch(t, s).Running, "the same one")
	ask(s, "DELETE", "/api/search", nil)
	require.Equal(t, "interrupted", awaitEnd(t, s).Limit)
	ask(s, "POST", "/api/search", nil)
	s.Close() // waits
	require.False(t, startSearch(t, s).Running, "it is closed")

	s = serverOf(t, Config{Model: endless(), Search: explore.Config{MaxStates: 100}})
	ask(s, "POST", "/api/search", nil)
	require.Equal(t, "states", awaitEnd(t, s).Limit)
}

func TestAServerEndsWithItsContext(t *testing.T) {
	s := serverOf(t, Config{})
	ln, err := Listen("0")
	require.NoError(t, err)
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, ln) }()
	answer, err := http.Get("http://" + ln.Addr().String() + "/")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	end()
	require.NoError(t, <-ended)
	_, err = http.Get("http://" + ln.Addr().String() + "/")
	require.Error(t, err)
}

// shocked is an observer that panics at what it is told.
type shocked struct{}

func (shocked) Observe(*explore.Told) { panic("of the observer") }

func TestAPanicOfTheModelIsAnAnswer(t *testing.T) {
	m := letters()
	m.Observe = func() explore.Observer { return shocked{} }
	s := serverOf(t, Config{Model: m})
	first := stateOf(t, s).Next[0].Fingerprint
	require.Equal(t, "panic: of the observer", problemOf(t, s, first, http.StatusInternalServerError))
	require.Len(t, stateOf(t, s).Next, 1, "it goes on")
}

func TestAGuardThatPanicsIsNamed(t *testing.T) {
	m := letters()
	m.Guard = func(network.Handler, explore.Step) bool { panic("no good") }
	s := serverOf(t, Config{Model: m})
	first := stateOf(t, s).Next[0].Fingerprint
	require.Contains(t, problemOf(t, s, first, http.StatusUnprocessableEntity), `condition "Guard" panics: no good, at server_test.go:`)
}

func TestAPropertyThatPanicsIsNamed(t *testing.T) {
	m := letters()
	m.Properties = []explore.Property{explore.Always("x", func(*explore.State) error { panic("no good") })}
	s := serverOf(t, Config{Model: m})
	first := stateOf(t, s).Next[0].Fingerprint
	require.Contains(t, problemOf(t, s, first, http.StatusUnprocessableEntity), `property "x" panics: no good, at server_test.go:`)
}

func TestAModelThatCannotBeExploredIsRefused(t *testing.T) {
	_, err := New(Config{})
	require.ErrorIs(t, err, explore.ErrModel)
}

func FuzzAPathIsReadAsItIsWritten(f *testing.F) {
	for _, text := range []string{"", "/", "0", "ffffffffffffffff/1", "g", "+1", "1//2", "00000000000000001", "-0", "0x1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path, err := parsePath(text)
		if err != nil {
			require.Regexp(t, "expected", err.Error())
			return
		}
		again, err := parsePath(formatPath(path))
		require.NoError(t, err)
		require.Equal(t, path, again)
	})
}
