// Package policy reads IAM policy documents and tells what they allow. It is
// pure: documents and a question in, a decision out.
//
// What it cannot tell it does not guess: a statement whose condition names an
// operator or a key that is not known here denies when it is a Deny, and does
// not allow when it is an Allow.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
package policy
