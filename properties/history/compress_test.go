package history

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

func gzipped(t testing.TB, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(text)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return out.Bytes()
}

func zstandard(t testing.TB, text []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	require.NoError(t, err)
	defer z.Close()
	return z.EncodeAll(text, nil)
}

// compressors by the name that errors give their formats.
var compressors = map[string]func(testing.TB, []byte) []byte{"gzip": gzipped, "zstd": zstandard}

func TestCompressedFilesReadLikePlainOnes(t *testing.T) {
	for _, file := range []string{"register.edn", "store.edn", "cas.log", "sample.jsonl"} {
		text, err := os.ReadFile("testdata/" + file)
		require.NoError(t, err)
		want, err := ReadFrom("test", bytes.NewReader(text), ReadOptions{})
		require.NoError(t, err)
		for name, compress := range compressors {
			for _, data := range [][]byte{
				compress(t, text),
				append(compress(t, text[:100]), compress(t, text[100:])...), // as cat joins two
			} {
				h, err := ReadFrom("test", iotest.OneByteReader(bytes.NewReader(data)), ReadOptions{})
				require.NoError(t, err, "%s %s", file, name)
				require.Equal(t, want, h, "%s %s", file, name)
			}
		}
	}
}

func TestATruncatedOrDamagedFileIsOneClearError(t *testing.T) {
	text, err := os.ReadFile("testdata/register.edn")
	require.NoError(t, err)
	last := fmt.Sprintf("test:%d: ", 1+bytes.Count(text, []byte("\n")))
	for name, compress := range compressors {
		data := compress(t, text)
		for n := 4; n < len(data); n++ {
			_, err := ReadFrom("test", bytes.NewReader(data[:n]), ReadOptions{})
			require.ErrorContains(t, err, ": expected whole "+name+" data: ", "%d of %d bytes", n, len(data))
			require.ErrorAs(t, err, new(*SyntaxError))
		}
		for _, tail := range []string{"x", "1234567890", string(data[:7])} {
			_, err := ReadFrom("test", strings.NewReader(string(data)+tail), ReadOptions{})
			require.ErrorContains(t, err, last+"expected whole "+name+" data: ")
		}
		data[len(data)-1] ^= 1 // of the checksum
		_, err := ReadFrom("test", bytes.NewReader(data), ReadOptions{})
		require.ErrorContains(t, err, ": expected whole "+name+" data: ")
	}
}

func TestTheLimitCountsTextThatHasBeenExpanded(t *testing.T) {
	text := []byte("; " + strings.Repeat("\n", 998) + "{}")[:1000]
	bomb := bytes.Repeat([]byte(" "), 100<<20)
	for name, compress := range compressors {
		_, err := ReadFrom("test", bytes.NewReader(compress(t, text)), ReadOptions{Limit: 1000})
		require.NoError(t, err, name)
		_, err = ReadFrom("test", bytes.NewReader(compress(t, text)), ReadOptions{Limit: 999})
		require.EqualError(t, err, "test:999: expected at most 999 bytes of text, the limit", name)

		data := compress(t, bomb)
		require.Less(t, len(data), 1<<20)
		src, _, err := readThrough(windowSize, bytes.NewReader(data), ReadOptions{Format: EDN, Limit: 1 << 20})
		require.EqualError(t, err, "test:1: expected at most 1048576 bytes of text, the limit", name)
		require.LessOrEqual(t, src.text.total, int64(1<<20+windowSize))
	}
	_, err := ReadFrom("test", bytes.NewReader(text), ReadOptions{Limit: 999})
	require.EqualError(t, err, "test:999: expected at most 999 bytes of text, the limit")
}

func TestAWindowOfZstdThatNeedsTooMuchMemoryIsAnError(t *testing.T) {
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, // magic
		0,              // frame header: no content size, no checksum
		(28 - 10) << 3, // window of 256 MiB
		1, 0, 0}        // the last block, of nothing
	_, err := ReadFrom("test", bytes.NewReader(frame), ReadOptions{})
	require.EqualError(t, err, "test:1: expected whole zstd data: window size exceeded")
	frame[5] = (27 - 10) << 3
	_, err = ReadFrom("test", bytes.NewReader(frame), ReadOptions{})
	require.EqualError(t, err, "test:1: expected a history, found an empty file")
}
