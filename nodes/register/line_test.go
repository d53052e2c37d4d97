package register

import (
	"testing"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

func FuzzDecode(f *testing.F) {
	f.Add(line{fixed{Client: int32(sim.NoHost), Value: -7}, "x"}.encode())
	f.Add(line{fixed{Client: 3, ID: 1 << 40}, ""}.encode())
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decode(data)
		if err != nil {
			require.ErrorContains(t, err, "too short")
			return
		}
		require.Len(t, r.encode(), len(data))
		back, err := decode(r.encode())
		require.NoError(t, err)
		require.Equal(t, r, back)
	})
}
