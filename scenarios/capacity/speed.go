package capacity

import (
	"crypto/sha256"
	"fmt"
	"net"
	"sync"
	"time"
)

// How much a slice of the yardstick does, and how many slices there are: about
// 4 ms each, 0.2 s in all.
const (
	repeats    = 40
	sumOf      = 4 << 20
	roundTrips = 50
)

// Speed is how fast the machine is just now, in slices a second: a checksum, and
// short messages to and fro over loopback. Only its relation to another Speed of
// the same machine means something.
//
// The fastest of each counts, and slices are short: what else runs on a machine for
// a moment makes a slice slower and never faster, and a machine that is busy is
// the run's matter, not the yardstick's.
func Speed() (float64, error) {
	a, b, err := loopback()
	if err != nil {
		return 0, fmt.Errorf("measure the machine's speed over loopback: %w", err)
	}
	defer a.Close()
	defer b.Close()
	computing, talking := time.Hour, time.Hour
	for range repeats {
		begin := time.Now()
		compute()
		middle := time.Now()
		if err := pingPong(a, b); err != nil {
			return 0, fmt.Errorf("measure the machine's speed over loopback: %w", err)
		}
		computing, talking = min(computing, middle.Sub(begin)), min(talking, time.Since(middle))
	}
	return 1 / (computing + talking).Seconds(), nil
}

// compute keeps a CPU busy for a moment. The sum is its result, so that nobody
// optimizes it away.
func compute() [sha256.Size]byte { return sha256.Sum256(make([]byte, sumOf)) }

// loopback is a connection to oneself, both ends.
func loopback() (a, b net.Conn, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		return nil, nil, err
	}
	if b, err = l.Accept(); err != nil {
		_ = a.Close()
		return nil, nil, err
	}
	return a, b, nil
}

func pingPong(a, b net.Conn) error {
	var failed error
	var echo sync.WaitGroup
	echo.Go(func() {
		word := make([]byte, 64)
		for range roundTrips {
			if _, err := b.Read(word); err != nil {
				failed = err
				return
			}
			_, _ = b.Write(word) // the other side's reading says so
		}
	})
	word := make([]byte, 64)
	for range roundTrips {
		if _, err := a.Write(word); err != nil {
			return err
		}
		if _, err := a.Read(word); err != nil {
			return err
		}
	}
	echo.Wait()
	return failed
}
