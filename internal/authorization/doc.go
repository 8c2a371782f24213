// Package authorization decides what a task may do with the AWS APIs it finds
// in its place. It holds on a laptop too, where others may do everything: so
// no task reads what is another's.
//
// A task whose role is in IAM may do what the role's policies say, for the
// services that keep secrets or give power over others: Secrets Manager, SSM,
// KMS, S3, IAM, STS and ECS. A task whose role is not there, or who has none,
// may read the secrets that its own definition names, and may not change what
// runs; what is left, such as logs, is open to both.
package authorization
