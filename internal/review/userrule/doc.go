// Package userrule makes rules out of what users write: a CEL expression over
// the facts of the review, which are the same that the built-in rules see. A
// secret's value is not among the facts, so no message can print one.
package userrule
