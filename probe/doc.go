// Package probe dials: it tells what the wire does, from the machine it runs on.
//
// Plan says what to dial (it is pure), Run dials it, and the shell script that
// Script writes does the same where nothing can be installed. A result is an
// outcome, never an error: open, refused, filtered and so on, told from error
// numbers and, on Linux, from the ICMP messages that the kernel keeps for the
// socket. Nothing is ever requested from a port but a TLS handshake on the
// endpoint's 443; a connection to the agent's port 80 is opened and closed, as
// asking it for a key would change its state.
package probe
