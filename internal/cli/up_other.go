//go:build !linux

package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

// errLinux is what commands that run containers answer elsewhere.
var errLinux = errors.New("this command runs containers and needs Linux; the client commands work here against a Hatoba on Linux")

func linuxOnly(use, short string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short + " (Linux only)", RunE: func(*cobra.Command, []string) error { return errLinux }}
}

func upCommand(*settings) *cobra.Command { return linuxOnly("up", "Run Hatoba") }
func stopCommand(*settings) *cobra.Command {
	return linuxOnly("stop", "Stop Hatoba and end all its tasks")
}
func doctorCommand(*settings) *cobra.Command {
	return linuxOnly("doctor", "Check that Hatoba can start here")
}
func installCommand(*settings) *cobra.Command {
	return linuxOnly("install", "Have systemd run Hatoba")
}
func uninstallCommand(*settings) *cobra.Command {
	return linuxOnly("uninstall", "Undo install")
}
func backupCommand(*settings) *cobra.Command {
	return linuxOnly("backup", "Write a backup of a running Hatoba")
}
func restoreCommand(*settings) *cobra.Command {
	return linuxOnly("restore", "Make a new data directory of a backup")
}
func demoCommand(*settings) *cobra.Command {
	return linuxOnly("demo", "Show the main job from nothing")
}
