package containerd

// initPath is where a container with initProcessEnabled finds its init: the
// shim's own binary, which reaps and forwards signals when started so.
const initPath = "/.hatoba-init"

func (c Config) initBinary() string { return c.Shim }
