package cli

import (
	"context"
	"fmt"
	"strings"

	"phoenix/cmd/simulate/browse"
)

// serve serves the page on which a person walks through the states of a model, until an
// interrupt. That is how it is meant to end, and no failure.
func (a *app) serve(ctx context.Context, f *exploreFlags, x *exploration) error {
	about := strings.TrimPrefix(x.subject(), x.model.Name+": ")
	server, err := browse.New(browse.Config{Model: x.model, About: about, Search: f.config})
	if err != nil {
		return unexplorable(&x.model, err)
	}
	ln, err := browse.Listen(f.listen)
	if err != nil {
		return usagef("--listen: %w", err)
	}
	fmt.Fprintf(a.out, "http://%s/\n", ln.Addr())
	fmt.Fprintf(a.err, "simulate: %s is explored at this address until an interrupt\n", x.model.Name)
	return server.Serve(ctx, ln)
}
