package wire

import (
	"fmt"
	"reflect"
	"sync"
)

// service is a Service made ready to serve.
type service struct {
	Service
	operations map[string]*operation
	routes     *routes      // of a REST service
	client     reflect.Type // nil when the service names none
	planner    *planner
	mu         sync.Mutex // guards planner after construction
	exceptions sync.Map   // reflect.Type to *plan
}

// operation is an Operation with its plans.
type operation struct {
	Operation
	service *service
	in, out *plan
	rest    *restRoute // of the REST protocols
}

func newService(described Service) (*service, error) {
	for _, p := range append([]Protocol{described.Protocol}, described.Also...) {
		if err := described.check(p); err != nil {
			return nil, err
		}
	}
	svc := &service{Service: described, operations: map[string]*operation{}, planner: newPlanner(described.Naming)}
	svc.planner.tagged = described.Protocol == EC2Query
	svc.planner.bindings = described.Bindings
	if described.Client != nil {
		svc.client = reflect.TypeOf(described.Client)
	}
	for _, o := range described.Operations {
		if o.Input == nil || o.Output == nil || svc.operations[o.Name] != nil {
			return nil, fmt.Errorf("operation %s: not made with Op, or there twice", o.Name)
		}
		op := &operation{Operation: o, service: svc}
		var err error
		if op.in, err = svc.planner.plan(o.Input); err != nil {
			return nil, fmt.Errorf("operation %s: %w", o.Name, err)
		}
		if op.out, err = svc.planner.plan(o.Output); err != nil {
			return nil, fmt.Errorf("operation %s: %w", o.Name, err)
		}
		svc.operations[o.Name] = op
	}
	if described.speaks(RestJSON, RestXML) {
		var err error
		if svc.routes, err = newRoutes(svc); err != nil {
			return nil, err
		}
	}
	return svc, nil
}

// check tells what a protocol lacks in a service's description.
func (s Service) check(p Protocol) error {
	switch p {
	case JSON10, JSON11, CBOR:
		if s.TargetPrefix == "" {
			return fmt.Errorf("no TargetPrefix")
		}
	case Query, EC2Query:
		if s.APIVersion == "" {
			return fmt.Errorf("no APIVersion")
		}
	case RestJSON, RestXML:
		if s.Bindings == nil {
			return fmt.Errorf("no Bindings")
		}
		if p != s.Protocol {
			return fmt.Errorf("%s can only be a service's first protocol", p)
		}
	default:
		return fmt.Errorf("protocol %q is not served", p)
	}
	return nil
}

// operation finds an operation by name. One the SDK's client has is refused
// as not supported, any other as unknown with the protocol's own code.
func (s *service) operation(name, unknownCode string, unknownStatus int) (*operation, *failure) {
	if op := s.operations[name]; op != nil {
		return op, nil
	}
	unserved := &operation{Operation: Operation{Name: name}, service: s}
	if s.inClient(name) || s.client == nil { // which there are is not known here
		return unserved, unsupportedOperation(s, name)
	}
	return unserved, unknownOperation(unknownCode, unknownStatus, s, name)
}

// knows tells whether name is an operation of the service, served or not.
func (s *service) knows(name string) bool { return s.operations[name] != nil || s.inClient(name) }

// inClient tells whether the SDK's client has the operation: a method
// (context, *NameInput, ...options).
func (s *service) inClient(name string) bool {
	if s.client == nil {
		return false
	}
	m, ok := s.client.MethodByName(name)
	return ok && m.Type.IsVariadic() && m.Type.NumIn() == 4 &&
		m.Type.In(2).Kind() == reflect.Pointer && m.Type.In(2).Elem().Name() == name+"Input"
}

// exceptionPlan returns the plan of an exception's further members, nil when
// v is none.
func (s *service) exceptionPlan(v reflect.Value) *plan {
	if !v.IsValid() {
		return nil
	}
	if p, ok := s.exceptions.Load(v.Type()); ok {
		return p.(*plan)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.planner.plan(v.Type())
	if err != nil {
		p = nil
	}
	s.exceptions.Store(v.Type(), p)
	return p
}
