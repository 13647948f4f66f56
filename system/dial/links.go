// Package dial makes every connection that the service opens: to Redis and over
// HTTP.
//
// A process may be given links: a map from a real address to the address to
// dial in its place. The map is applied at the last moment, in the dialer, so
// everything above it (MOVED answers, Host headers, logs, metrics) keeps the
// real address, and a proxy can stand in front of one process and one target
// without either of them knowing.
package dial

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// Timeout bounds one attempt to open a connection.
const Timeout = time.Second

// Links maps a real "host:port" to the "host:port" that is dialled instead.
// Addresses that it does not name are dialled as they are. A nil map is fine.
type Links map[string]string

// ParseLinks reads "REAL=LINK" pairs, both sides "host:port".
func ParseLinks(pairs []string) (Links, error) {
	links := make(Links, len(pairs))
	for _, pair := range pairs {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		address, link, found := strings.Cut(strings.TrimSpace(pair), "=")
		if !found {
			return nil, fmt.Errorf("link %q has no '=': write REAL=LINK, as in 127.0.1.1:7000=127.0.0.1:9000", pair)
		}
		for _, side := range []string{address, link} {
			if _, _, err := net.SplitHostPort(side); err != nil {
				return nil, fmt.Errorf("link %q: %q is not host:port: %w", pair, side, err)
			}
		}
		if earlier, twice := links[address]; twice && earlier != link {
			return nil, fmt.Errorf("address %s is linked twice, to %s and to %s: keep one", address, earlier, link)
		}
		links[address] = link
	}
	return links, nil
}

// DialContext opens a connection to addr or to what it is linked to, within
// Timeout.
func (l Links) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	target, linked := l[addr]
	if !linked {
		target = addr
	}
	dialer := net.Dialer{Timeout: Timeout, KeepAlive: 15 * time.Second}
	conn, err := dialer.DialContext(ctx, network, target)
	if err != nil && linked {
		return nil, fmt.Errorf("dialling %s through its link %s: %w", addr, target, err)
	}
	return conn, err
}

// Transport is an HTTP transport that dials through the links and keeps up to
// perHost connections to one host. The caller closes its idle connections.
func (l Links) Transport(perHost int) *http.Transport {
	return &http.Transport{
		// Go leaves proxies out for loopback addresses, so links and a proxy
		// from the environment do not meet.
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           l.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		MaxIdleConnsPerHost:   perHost,
		MaxConnsPerHost:       perHost,
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   5 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}
