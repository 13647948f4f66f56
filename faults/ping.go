package faults

import (
	"bufio"
	"context"
	"net"
	"strings"
)

// ping waits for Redis' answer for as long as silence. It speaks RESP by
// itself: a client library would retry, and hide what we look for.
func ping(ctx context.Context, addr string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return "", err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return strings.Trim(line, "+-\r\n"), err
}
