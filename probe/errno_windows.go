package probe

import "syscall"

// Windows has error numbers of its own for sockets; the rest of the package
// speaks POSIX. Source: https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2
var posix = map[syscall.Errno]syscall.Errno{
	10013: syscall.EACCES, 10024: syscall.EMFILE, 10048: syscall.EADDRINUSE, 10049: syscall.EADDRNOTAVAIL, 10050: syscall.ENETDOWN, 10051: syscall.ENETUNREACH,
	10053: syscall.ECONNABORTED, 10054: syscall.ECONNRESET, 10055: syscall.ENOBUFS, 10060: syscall.ETIMEDOUT, 10061: syscall.ECONNREFUSED, 10064: syscall.EHOSTDOWN, 10065: syscall.EHOSTUNREACH,
}

// canonical turns an error number of the system into one of POSIX.
func canonical(e syscall.Errno) syscall.Errno {
	if p, ok := posix[e]; ok {
		return p
	}
	return e
}
