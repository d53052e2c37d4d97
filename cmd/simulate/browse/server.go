package browse

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"phoenix/properties/explore"
)

//go:embed assets
var assets embed.FS

// Config says what to show. Model is required.
type Config struct {
	Model explore.Model
	// About tells in a line what is explored: sizes, network, faults.
	About string
	// Search is how the search in the background goes. If it bounds neither states nor
	// memory, it ends after DefaultMaxStates. Progress and Stop are the server's.
	Search explore.Config
}

// DefaultMaxStates bounds the search in the background.
const DefaultMaxStates = 1_000_000

// Server is an http.Handler with the page and what it asks for. Make it with New.
type Server struct {
	cfg  Config
	mux  *http.ServeMux
	hunt hunt

	mu   sync.Mutex // of walk
	walk *explore.Walk
}

// New returns a server of a model. The error wraps explore.ErrModel if the model cannot be
// explored. Close it.
func New(cfg Config) (*Server, error) {
	walk, err := explore.NewWalk(cfg.Model)
	if err != nil {
		return nil, err
	}
	if cfg.Search.MaxStates == 0 && cfg.Search.MaxBytes == 0 {
		cfg.Search.MaxStates = DefaultMaxStates
	}
	cfg.Search.Examples = true
	s := &Server{cfg: cfg, walk: walk, mux: http.NewServeMux()}
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		panic("browse: " + err.Error()) // the folder is in the binary
	}
	s.mux.Handle("GET /", http.FileServerFS(files))
	s.mux.HandleFunc("GET /api/model", s.serveModel)
	s.mux.HandleFunc("GET /api/state", s.serveState)
	s.mux.HandleFunc("GET /api/search", s.serveSearch)
	s.mux.HandleFunc("POST /api/search", s.startSearch)
	s.mux.HandleFunc("DELETE /api/search", s.stopSearch)
	return s, nil
}

// Close ends the search in the background, if one runs.
func (s *Server) Close() { s.hunt.stop() }

// policy lets the page use what this server has, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// ServeHTTP implements http.Handler. It refuses requests to a host that is not this
// machine's loopback, which a page of another site may send after its name has come to
// lead here (DNS rebinding), and requests of other sites that would change anything.
func (s *Server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if !isLoopback(r.Host) {
		refuse(rw, http.StatusForbidden, fmt.Errorf("host %q, expected a loopback address such as 127.0.0.1", r.Host))
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		refuse(rw, http.StatusForbidden, err)
		return
	}
	defer func() {
		switch bad := recover(); bad { // code of the model: a String method, a property
		case nil:
		case http.ErrAbortHandler:
			panic(bad)
		default:
			refuse(rw, http.StatusInternalServerError, fmt.Errorf("panic: %v", bad))
		}
	}()
	s.mux.ServeHTTP(rw, r)
}

// isLoopback reports whether a host, with a port or without, is this machine's loopback.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// Listen listens on a loopback address: a port, or a host and a port such as
// 127.0.0.1:8080. The host is 127.0.0.1 unless given; port 0 is any that is free.
func Listen(address string) (net.Listener, error) {
	if !strings.Contains(address, ":") {
		address = ":" + address
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("address %q, expected a port, or such as 127.0.0.1:8080", address)
	}
	host = cmp.Or(host, "127.0.0.1")
	if !isLoopback(host) {
		return nil, fmt.Errorf("host %q is not this machine's loopback: the page is for this machine only, "+
			"expected 127.0.0.1", host)
	}
	return net.Listen("tcp", net.JoinHostPort(host, port))
}

// patience is how long requests under way may take once the server is to end.
const patience = 2 * time.Second

// Serve answers on ln until ctx is done, and then lets what is under way finish.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	defer s.Close()
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.Close()
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := server.Shutdown(late); err != nil {
		server.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// reply answers with v as JSON.
func reply(rw http.ResponseWriter, code int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic("browse: " + err.Error())
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(code)
	rw.Write(text)
}

// refuse answers with why not.
func refuse(rw http.ResponseWriter, code int, err error) {
	reply(rw, code, map[string]string{"error": err.Error()})
}
