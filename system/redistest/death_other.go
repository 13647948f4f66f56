//go:build !linux

package redistest

import "syscall"

// dieWithParent does nothing where the kernel offers no such thing: a killed
// test process leaves its servers behind there.
func dieWithParent() *syscall.SysProcAttr { return nil }
