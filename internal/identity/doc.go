// Package identity knows who an access key belongs to: users' keys, which the
// store has, and sessions, which nobody stores.
//
// A session's secret and all that is known of it are sealed into its token
// with the master key. A session so outlives a restart without leaving a
// trace on a disk, and ends by its own time.
package identity
