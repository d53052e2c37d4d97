package disk

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"phoenix/sim"
)

// Image is what a disk holds: files in the order of their names. It is a value that
// nobody changes. The zero value is an empty disk.
type Image struct{ Files []File }

// File is a file of an Image.
type File struct {
	Name string
	Data []byte
}

// Limits of an Image in text.
const (
	maxImage = 64 << 20 // bytes of all files
	maxName  = 4096     // bytes of a name
)

// Read returns the content of a file, and whether there is one of that name.
func (im Image) Read(name string) ([]byte, bool) {
	byName := func(f File, name string) int { return strings.Compare(f.Name, name) }
	i, ok := slices.BinarySearchFunc(im.Files, name, byName)
	if !ok {
		return nil, false
	}
	return im.Files[i].Data, true
}

// append appends an encoding of im, equal for equal images only.
func (im Image) append(dst []byte) []byte {
	for _, f := range im.Files {
		dst = strconv.AppendQuote(dst, f.Name)
		dst = strconv.AppendInt(append(dst, ' '), int64(len(f.Data)), 10)
		dst = append(append(dst, ' '), f.Data...)
	}
	return dst
}

const (
	imageHead = "disk image 1"
	perLine   = 32 // bytes
)

// MarshalText writes im as lines: a head, for each file its quoted name and size, and
// its bytes in hexadecimal, runs of zeros as their length:
//
//	disk image 1
//	file "wal" 130
//	  68656c6c6f
//	  zeros 125
func (im Image) MarshalText() ([]byte, error) {
	dst := []byte(imageHead + "\n")
	for _, f := range im.Files {
		dst = fmt.Appendf(dst, "file %q %d\n", f.Name, len(f.Data))
		for rest := f.Data; len(rest) > 0; {
			zeros := len(rest) - len(bytes.TrimLeft(rest, "\x00"))
			if zeros >= perLine || zeros == len(rest) {
				dst = fmt.Appendf(dst, "  zeros %d\n", zeros)
				rest = rest[zeros:]
				continue
			}
			n := min(perLine, len(rest))
			if run := bytes.Index(rest[:n], make([]byte, perLine/2)); run > 0 {
				n = run
			}
			n = len(bytes.TrimRight(rest[:n], "\x00"))
			dst = fmt.Appendf(dst, "  %x\n", rest[:n])
			rest = rest[n:]
		}
	}
	return dst, nil
}

// UnmarshalText is ParseImage. On an error im is left as it was.
func (im *Image) UnmarshalText(text []byte) error {
	parsed, err := ParseImage(text)
	if err != nil {
		return err
	}
	*im = parsed
	return nil
}

// ParseImage reads what Image.MarshalText writes. The error names the line and what
// was expected there. Images hold at most 64 MiB.
func ParseImage(text []byte) (Image, error) {
	p := imageParser{lines: bufio.NewScanner(bytes.NewReader(text))}
	p.lines.Buffer(nil, 8*maxName)
	if !p.scan() || p.lines.Text() != imageHead {
		return Image{}, p.errorf("expected the line %q", imageHead)
	}
	p.scan()
	for !p.ended {
		if err := p.file(); err != nil {
			return Image{}, err
		}
	}
	if err := p.lines.Err(); err != nil { // there is no other: the text is in memory
		return Image{}, p.errorf("a line is too long, expected at most %d bytes", 8*maxName)
	}
	return p.im, nil
}

type imageParser struct {
	lines *bufio.Scanner
	n     int // of the current line
	ended bool
	total int64
	im    Image
}

func (p *imageParser) scan() bool {
	p.n++
	p.ended = !p.lines.Scan()
	return !p.ended
}

func (p *imageParser) errorf(text string, args ...any) error {
	return fmt.Errorf("disk image:%d: "+text, append([]any{p.n}, args...)...)
}

// file reads a file and its data, up to the line of the next.
func (p *imageParser) file() error {
	rest, ok := strings.CutPrefix(p.lines.Text(), "file ")
	quoted, err := strconv.QuotedPrefix(rest)
	if !ok || err != nil {
		return p.errorf("%.40q: expected file \"NAME\" SIZE", p.lines.Text())
	}
	name, err := strconv.Unquote(quoted)
	if err != nil || name == "" || len(name) > maxName { // of one that is quoted in another way it is the same
		return p.errorf("%.40s: expected a name of at most %d bytes", quoted, maxName)
	}
	if n := len(p.im.Files); n > 0 && p.im.Files[n-1].Name >= name {
		return p.errorf("file %.40q: expected one whose name comes after %.40q", name, p.im.Files[n-1].Name)
	}
	size, ok := p.size(strings.TrimPrefix(rest[len(quoted):], " "))
	if !ok {
		return p.errorf("%.40q: expected a size in bytes, at most %d in all", rest[len(quoted):], maxImage)
	}
	data := make([]byte, 0, min(size, 1<<16))
	for p.scan() && strings.HasPrefix(p.lines.Text(), "  ") {
		if data, err = p.data(data, size); err != nil {
			return err
		}
	}
	if int64(len(data)) != size {
		return p.errorf("file %.40q has %d bytes before this line, expected %d", name, len(data), size)
	}
	p.total += size
	p.im.Files = append(p.im.Files, File{name, data})
	return nil
}

// size reads a number of bytes for which there is room.
func (p *imageParser) size(text string) (int64, bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	return int64(n), err == nil && p.total+int64(n) <= maxImage
}

// data reads a line of data of a file with so many bytes.
func (p *imageParser) data(data []byte, size int64) ([]byte, error) {
	text := p.lines.Text()[2:]
	left := size - int64(len(data))
	if zeros, ok := strings.CutPrefix(text, "zeros "); ok {
		n, ok := p.size(zeros)
		if !ok || n > left {
			return nil, p.errorf("%.40q: expected at most %d zeros", text, left)
		}
		return append(data, make([]byte, n)...), nil
	}
	b, err := hex.DecodeString(text)
	if err != nil || int64(len(b)) > left {
		return nil, p.errorf("%.40q: expected zeros N or at most %d bytes in hexadecimal", text, left)
	}
	return append(data, b...), nil
}

// Image returns what programs would read from the disk now, damage included.
func (d *Disk) Image() Image {
	var im Image
	for _, name := range sorted(d.live) {
		f := d.live[name]
		data := make([]byte, len(f.live))
		if len(data) > 0 {
			f.glance(data)
		}
		im.Files = append(im.Files, File{name, data})
	}
	return im
}

// Load has the disk hold an image, durably, and nothing else.
func (d *Disk) Load(im Image) {
	if !d.alive() {
		return
	}
	d.tell("loads an image")
	d.clear()
	for _, i := range im.Files {
		f := d.newFile(i.Name)
		f.medium, f.live = slices.Clone(i.Data), slices.Clone(i.Data)
		d.live[i.Name], d.entries[i.Name] = f, f
	}
}

// image returns what the disk holds after a crash.
func (a *aftermath) image() Image {
	of := map[*file]*content{}
	for i, f := range a.files {
		of[f] = &a.content[i]
	}
	var im Image
	for _, name := range sorted(a.dir) {
		f := a.dir[name]
		c := of[f]
		data := c.medium
		if len(c.masks) > 0 {
			data = slices.Clone(data)
			// order: each sector for itself
			for s, m := range c.masks {
				if from := s * f.sector; from < int64(len(data)) {
					copy(data[from:], m.data)
				}
			}
		}
		im.Files = append(im.Files, File{name, data})
	}
	return im
}

// Play runs a process on the host of a disk that holds im, until nothing is left to
// happen, in a world of seed 0 of their own. The error is the first panic of the
// process. It panics if cfg.Check finds a mistake.
func Play(cfg Config, im Image, run func(p *sim.Proc, d *Disk)) error {
	return play(cfg, func(d *Disk) { d.Load(im) }, run)
}

func play(cfg Config, prepare func(d *Disk), run func(p *sim.Proc, d *Disk)) error {
	w := sim.New(sim.Config{})
	defer w.Close()
	a := NewArray(w, cfg)
	h := w.AddHost("host", func(h *sim.Host) {
		if h.Epoch() == 0 {
			h.Go("run", func(p *sim.Proc) { run(p, a.Disk(h)) })
		}
	})
	prepare(a.Disk(h))
	w.Run(sim.Limit{})
	if found := w.Findings(); len(found) > 0 {
		return fmt.Errorf("disk: the run panicked: %v", found[0])
	}
	return nil
}
