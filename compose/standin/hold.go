package standin

import (
	"io"
	"net/netip"
	"os"
	"syscall"
)

// hold keeps an address that nobody listens on from being given away: the
// system hands free ports to every connection that anybody opens, and a stand-in
// that refuses for a while has to come back on its own. The socket is bound and
// does not listen, so whoever connects is refused; and because both set
// SO_REUSEADDR, a listener can take the address over without a gap.
//
// Where it cannot be held the port is left to luck.
func hold(address string) io.Closer {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().Is4() {
		return io.NopCloser(nil)
	}
	// No process that is started meanwhile may inherit it.
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return io.NopCloser(nil)
	}
	_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	_ = syscall.Bind(fd, &syscall.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()})
	return os.NewFile(uintptr(fd), "held "+address)
}
