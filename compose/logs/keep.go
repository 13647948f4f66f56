// Package logs keeps what the parts of a run wrote, so that it can stay beside the
// report: bounded, and without secrets.
//
//	folder of NAME.log ──line by line──▶ first part … last part ──▶ mask
//
// Logs are cut between lines, and a line is masked before it is shortened, or half
// a secret could stay at the cut. The first part of a log tells how a process was
// set up, the last how it ended: what is left out is the middle, and a line says
// how much that was.
package logs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds, in bytes, of what is kept.
const (
	// PerLog is for one process over all its incarnations, InAll for a folder:
	// with many processes each has less.
	PerLog = 256 << 10
	InAll  = 8 << 20
	// firstShare of a log's bound goes to its beginning.
	firstShare = 4
	// longest line, of which the rest is left out; read is what is looked at of it.
	longest = 4 << 10
	read    = 64 << 10
)

// Kept is what stays of one log.
type Kept struct {
	// Part is the process's name: "summarize-1", "redis-3".
	Part string
	// Written is how long the log was, in bytes.
	Written int64
	Text    []byte
}

// Keep reads the folder's logs, in order of name. A log that cannot be read is
// kept as a line that says so: a run is not worth less for it. A folder that does
// not exist has none.
func Keep(folder string, m *Mask) []Kept {
	paths, _ := filepath.Glob(filepath.Join(escape(folder), "*.log")) // only a bad pattern is an error
	slices.Sort(paths)
	bound := min(PerLog, InAll/max(len(paths), 1))
	var all []Kept
	for _, path := range paths {
		one := Kept{Part: strings.TrimSuffix(filepath.Base(path), ".log")}
		if err := one.read(path, bound, m); err != nil {
			one.Text = append(one.Text, fmt.Sprintf("--- the rest of this log could not be kept: %v ---\n", err)...)
		}
		all = append(all, one)
	}
	return all
}

// escape takes the meaning from a folder's characters that a pattern has.
func escape(folder string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(folder)
}

func (k *Kept) read(path string, bound int, m *Mask) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		k.Written = info.Size()
	}
	c := clip{first: bound / firstShare, last: bound - bound/firstShare}
	lines := bufio.NewReaderSize(f, read)
	for err == nil {
		var line []byte
		var long int
		if line, long, err = next(lines); long > 0 {
			c.add(line, long)
		}
	}
	k.Text = c.text(m)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// next is a line without its end, of which at most read bytes are looked at, and
// how long it is with its end; 0 at the end of the log.
func next(lines *bufio.Reader) (line []byte, long int, err error) {
	piece, err := lines.ReadSlice('\n')
	line, long = bytes.Clone(bytes.TrimRight(piece, "\r\n")), len(piece)
	for errors.Is(err, bufio.ErrBufferFull) {
		piece, err = lines.ReadSlice('\n')
		long += len(piece)
	}
	return line, long, err
}

func shorten(line string) string {
	if over := len(line) - longest; over > 0 {
		line = fmt.Sprintf("%s… (the line goes on for %d bytes or more)", line[:longest], over)
	}
	return strings.ToValidUTF8(line, "\uFFFD")
}

// clip keeps whole lines of a beginning and an end.
type clip struct {
	first, last int // bounds in bytes
	head, tail  []piece
	// inHead and inTail are what head and tail come to; full tells that the head
	// takes no more.
	inHead, inTail int
	full           bool
	// lines and bytes are left out.
	lines, bytes int
}

// piece is what was looked at of a line, and how long the line is.
type piece struct {
	line []byte
	long int
}

// kept is about how much of the piece stays.
func (p piece) kept() int { return min(p.long, longest) }

func (c *clip) add(line []byte, long int) {
	p := piece{line, long}
	if c.full = c.full || c.inHead+p.kept() > c.first; !c.full {
		c.head, c.inHead = append(c.head, p), c.inHead+p.kept()
		return
	}
	c.tail, c.inTail = append(c.tail, p), c.inTail+p.kept()
	for c.inTail > c.last {
		out := c.tail[0]
		c.tail[0] = piece{}
		c.tail, c.inTail = c.tail[1:], c.inTail-out.kept()
		c.lines, c.bytes = c.lines+1, c.bytes+out.long
	}
}

func (c *clip) text(m *Mask) []byte {
	var all bytes.Buffer
	write := func(part []piece) {
		for _, p := range part {
			all.WriteString(shorten(m.Text(string(p.line))) + "\n")
		}
	}
	write(c.head)
	if c.lines > 0 {
		fmt.Fprintf(&all, "--- %d lines, %d bytes, are left out here ---\n", c.lines, c.bytes)
	}
	write(c.tail)
	return all.Bytes()
}
