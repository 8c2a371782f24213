package unit

import (
	"fmt"
	"net"
	"os"
)

// Ready tells systemd that the service answers. Without a systemd that wants
// to know it does nothing.
// Source: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
func Ready() error { return notify(os.Getenv("NOTIFY_SOCKET"), "READY=1") }

func notify(socket, state string) error {
	if socket == "" {
		return nil
	}
	if socket[0] == '@' {
		socket = "\x00" + socket[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	return nil
}
