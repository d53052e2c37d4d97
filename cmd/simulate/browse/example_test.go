package browse_test

import (
	"fmt"
	"io"
	"net/http/httptest"

	"phoenix/cmd/simulate/browse"
	"phoenix/properties/explore/models"
)

// The page asks for states by the fingerprints on the way to them; without any it is given
// the initial ones.
func Example() {
	server, err := browse.New(browse.Config{Model: models.DieHard(), About: "two jugs"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	for _, target := range []string{"/api/model", "/api/state?path=tea"} {
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, httptest.NewRequest("GET", "http://127.0.0.1"+target, nil))
		body, _ := io.ReadAll(answer.Body)
		fmt.Printf("%d %s\n", answer.Code, body)
	}
	// Output:
	// 200 {"name":"diehard","about":"two jugs","nodes":["jugs"],"maxStates":1000000}
	// 400 {"error":"place 1 of the path: \"tea\", expected a fingerprint of 1 to 16 hexadecimal digits"}
}
