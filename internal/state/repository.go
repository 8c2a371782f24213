package state

import "time"

// Repository is an ECR repository. ID: its name. Writer: the ECR operations.
type Repository struct {
	Name          string
	ARN           string
	CreatedAt     time.Time
	ImmutableTags bool
	Policy        string // as set, "" when none
	Tags          map[string]string
	Lifecycle     string    // the lifecycle policy as set, "" when none
	EvaluatedAt   time.Time // when that was done last; zero: not yet
	Preview       string    // the policy of a preview, "" when none
	// ScanSince is when scanning on push was switched on, nil while it is off.
	ScanSince *time.Time
}

// PullThroughRule says that repositories below a prefix are caches of another
// registry's. ID: the prefix. Writer: the ECR operations.
type PullThroughRule struct {
	Prefix         string // of repository names; ROOT: of all that have no other rule
	Host           string // of the upstream registry, with its port where it has one
	Kind           string // ECR's name of the upstream, such as docker-hub
	UpstreamPrefix string // of names there; ROOT: none
	CredentialARN  string // of a Secrets Manager secret, "" when none is needed
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Image is the record of a manifest of a repository; its bytes are in the
// registry's storage. ID: ImageID(repository, digest). Writer: the registry,
// when a manifest is pushed, and the ECR operations.
type Image struct {
	Repository   string
	Digest       string
	MediaType    string
	ArtifactType string
	Tags         []string  // in order
	SizeBytes    int64     // of config and layers as they are stored
	PushedAt     time.Time // when it was pushed first
	Children     []string  // digests an index names
	Subject      string    // digest of the image an artifact is about, "" when none
}

// ImageID is the store id of an image.
func ImageID(repository, digest string) string { return repository + "@" + digest }
