//go:build !windows

package probe

import "syscall"

// canonical turns an error number of the system into one of POSIX.
func canonical(e syscall.Errno) syscall.Errno { return e }
