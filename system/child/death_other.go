//go:build !linux

package child

import "syscall"

// dieWithParent is nothing here: a killed parent leaves its children behind, for
// `lab heal` to end if the parent was a lab.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
