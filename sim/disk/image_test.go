package disk

import (
	"bytes"
	"strings"
	"testing"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestImagesPrintAndParse(t *testing.T) {
	im := Image{[]File{{"a b\n", nil}, {"log", append(append([]byte("hello"), make([]byte, 125)...), "end"...)}}}
	text, err := im.MarshalText()
	require.NoError(t, err)
	require.Equal(t, "disk image 1\nfile \"a b\\n\" 0\nfile \"log\" 133\n  68656c6c6f\n  zeros 125\n  656e64\n",
		string(text))
	back, err := ParseImage(text)
	require.NoError(t, err)
	require.Equal(t, im.append(nil), back.append(nil))
	data, ok := back.Read("log")
	require.True(t, ok)
	require.Len(t, data, 133)
	_, ok = back.Read("none")
	require.False(t, ok)
}

func TestEveryImagePrintsAndParses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chunk := rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 0, 80),
			rapid.Map(rapid.IntRange(0, 80), func(n int) []byte { return make([]byte, n) }))
		files := rapid.MapOfN(rapid.StringN(1, 8, -1), rapid.SliceOfN(chunk, 0, 4), 0, 4).Draw(t, "files")
		var im Image
		for _, name := range sorted(files) {
			im.Files = append(im.Files, File{name, bytes.Join(files[name], nil)})
		}
		text, err := im.MarshalText()
		require.NoError(t, err)
		var back Image
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, im.append(nil), back.append(nil))
	})
}

func TestMistakesInImagesAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"":                                            `disk image:1: expected the line "disk image 1"`,
		"disk image 2\n":                              `disk image:1: expected the line "disk image 1"`,
		"disk image 1\nfile x 0":                      `disk image:2: "file x 0": expected file "NAME" SIZE`,
		"disk image 1\nfile \"\" 0":                   `disk image:2: "": expected a name of at most 4096 bytes`,
		"disk image 1\nfile \"x\"":                    `disk image:2: "": expected a size in bytes, at most 67108864 in all`,
		"disk image 1\nfile \"x\" 67108865":           `disk image:2: " 67108865": expected a size in bytes, at most 67108864 in all`,
		"disk image 1\nfile \"x\" 1\n":                `disk image:3: file "x" has 0 bytes before this line, expected 1`,
		"disk image 1\nfile \"x\" 1\n  zeros 2":       `disk image:3: "zeros 2": expected at most 1 zeros`,
		"disk image 1\nfile \"x\" 1\n  zeros -1":      `disk image:3: "zeros -1": expected at most 1 zeros`,
		"disk image 1\nfile \"x\" 1\n  0001":          `disk image:3: "0001": expected zeros N or at most 1 bytes in hexadecimal`,
		"disk image 1\nfile \"x\" 1\n  xy":            `disk image:3: "xy": expected zeros N or at most 1 bytes in hexadecimal`,
		"disk image 1\nfile \"x\" 0\nfile \"x\" 0":    `disk image:3: file "x": expected one whose name comes after "x"`,
		"disk image 1\nfile \"x\" 0\nnonsense":        `disk image:3: "nonsense": expected file "NAME" SIZE`,
		"disk image 1\n" + strings.Repeat("x", 1<<20): `disk image:2: a line is too long, expected at most 32768 bytes`,
	} {
		im := Image{[]File{{"kept", nil}}}
		require.EqualError(t, im.UnmarshalText([]byte(text)), want)
		require.Len(t, im.Files, 1)
	}
}

func TestADiskHoldsTheImageThatItLoads(t *testing.T) {
	b := newBox(t, Config{Sector: 4})
	b.append("old", "x")
	im := Image{[]File{{"a", []byte("12345")}, {"b", nil}}}
	b.Load(im)
	require.Equal(t, im.append(nil), b.Image().append(nil))
	require.Len(t, b.states(), 1, "it is durable")
	b.reboot()
	b.append("a", "6")
	require.Equal(t, []string{"a=123456", "b="}, b.shown())
	require.Equal(t, "12345", string(im.Files[0].Data), "the image stays as it is")
}

func TestAProcessPlaysOnAnImage(t *testing.T) {
	im := Image{[]File{{"a", []byte("1")}}}
	var got []string
	require.NoError(t, Play(Config{}, im, func(p *sim.Proc, d *Disk) {
		must(d.Append("a", []byte("2")))
		must(d.SyncWait(p, "a"))
		got = show(d.Image())
	}))
	require.Equal(t, []string{"a=12"}, got)
	err := Play(Config{}, im, func(*sim.Proc, *Disk) { panic("oh") })
	require.ErrorContains(t, err, "disk: the run panicked: process run: oh")
}

func FuzzParseImage(f *testing.F) {
	f.Add([]byte("disk image 1\nfile \"log\" 133\n  68656c6c6f\n  zeros 125\n  656e64\n"))
	f.Add([]byte("disk image 1\nfile \"a\" 0\nfile \"b\" 1\n  00\n"))
	f.Add([]byte("disk image 1\nfile `a` 67108864\n  zeros 67108864\n"))
	f.Add([]byte("disk image 1\r\n"))
	f.Add([]byte("disk image 1\nfile `" + strings.Repeat("\x8c", 4000) + "` 0\n")) // printed it is longer
	f.Fuzz(func(t *testing.T, text []byte) {
		im, err := ParseImage(text)
		if err != nil {
			require.Regexp(t, `^disk image:\d+: `, err.Error())
			return
		}
		printed, err := im.MarshalText()
		require.NoError(t, err)
		back, err := ParseImage(printed)
		require.NoError(t, err)
		require.Equal(t, xxhash(im), xxhash(back))
		b := newBox(t, Config{})
		b.Load(im)
		require.Equal(t, xxhash(im), xxhash(b.Image()))
	})
}
