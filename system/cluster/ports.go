package cluster

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the range that systems give to outgoing
// connections (32768 and up on Linux, 49152 on macOS). A port out of that range
// could be another connection's source just when a node is restarted.
const (
	lowestPort  = 20000
	highestPort = 32000
)

// FreePort finds a port of the address that nothing listens on now. Somebody
// else may take it before it is used: whoever asks must be ready to ask again.
func FreePort(host string) (int, error) {
	var last error
	for range 100 {
		// Unseeded on purpose: two runs with the same seed go side by side.
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			last = err
			continue
		}
		return port, listener.Close()
	}
	return 0, fmt.Errorf("no free port on %s between %d and %d: %w", host, lowestPort, highestPort, last)
}

// Loopback is the address of the node with that number, from 1: 127.0.1.1 and
// so on, each its own, so that a rule can cut one pair of nodes. It is 127.0.0.1
// where that is no address of this machine: Linux has all of 127.0.0.0/8, macOS
// has 127.0.0.1 until an alias is added.
func Loopback(number int) string {
	host := "127.0.1." + strconv.Itoa(number)
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "127.0.0.1"
	}
	_ = listener.Close()
	return host
}
