//go:build tools

// Package plugin pins AWS's session manager plugin, which the tests of ECS Exec
// build and run. It is a module of its own: nothing of it is in Hatoba.
package plugin

import _ "github.com/aws/session-manager-plugin/src/sessionmanagerplugin-main"
