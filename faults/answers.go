package faults

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"paperlab/compose"
)

// healthy is the evidence that a process answers.
func healthy(ctx context.Context, m compose.Member) (string, error) {
	began := time.Now()
	who, _ := m.Incarnation()
	if err := m.Health(ctx); err != nil {
		return "", fmt.Errorf("%s does not answer /healthz: %w", who, err)
	}
	return fmt.Sprintf("%s answers /healthz in %s", who, short(time.Since(began))), nil
}

// short gives a duration the digits that a reader needs.
func short(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
}

// ask waits for the first line of Redis' answer for as long as silence. It
// speaks RESP by itself: a client library would retry, and hide what we look
// for. The error is os.ErrDeadlineExceeded if no answer came, and
// syscall.ECONNREFUSED if nobody listens.
func ask(ctx context.Context, addr, command string) (string, error) {
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
	if _, err := conn.Write([]byte(command + "\r\n")); err != nil {
		return "", err
	}
	answers := bufio.NewReader(conn)
	line, err := answers.ReadString('\n')
	return strings.Trim(line, "+-\r\n"), err
}
