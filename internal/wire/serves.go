package wire

// Serves tells whether a handler of NewHandler has a service, named as in the
// credential scope.
func (h *handler) Serves(name string) bool {
	for _, svc := range h.services {
		if svc.Name == name {
			return true
		}
	}
	return false
}
