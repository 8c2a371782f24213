// Package review asks of a container service what the service-in review asks:
// is it ready? Its rules are pure functions over a [Subject], which holds
// everything the reviewer was given, and every one of them answers pass, fail
// or not examined, each with what it saw.
//
// The rooms below it: read makes the subject, rules holds a file per rule,
// report writes what came out.
package review
