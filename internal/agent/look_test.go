package agent

import (
	"reflect"
	"testing"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// Where a variable came from is told, and which secret it holds; no value is.
func TestVariables(t *testing.T) {
	plan := state.ContainerPlan{
		Environment: []state.Variable{{Name: "GREETING", Value: "hello"}, {Name: "URL", Value: "postgres://u:correct horse@db"}, {Name: "CHANGED", Value: "before"}},
		Secrets:     []state.SecretReference{{Name: "DB_PASSWORD"}, {Name: "PIN"}},
	}
	got := variables([]string{"PATH=/bin", "GREETING=hello", "URL=postgres://u:correct horse@db", "CHANGED=after", "DB_PASSWORD=correct horse", "PIN=1234", "SHORT=1234"}, plan)
	want := []protocol.Variable{
		{Name: "CHANGED", From: protocol.FromElsewhere}, {Name: "DB_PASSWORD", From: protocol.FromSecrets}, {Name: "GREETING", From: protocol.FromEnvironment},
		{Name: "PATH", From: protocol.FromElsewhere}, {Name: "PIN", From: protocol.FromSecrets}, {Name: "SHORT", From: protocol.FromElsewhere},
		{Name: "URL", From: protocol.FromEnvironment, Secret: "DB_PASSWORD"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestReadStatus(t *testing.T) {
	var c protocol.SeenContainer
	err := readStatus(&c, "Name:\tweb\nUid:\t0\t65532\t0\t0\nGid:\t1\t2\t3\t4\nCapPrm:\t0000000000000400\nCapEff:\t0000000000200000\nCapBnd:\t00000000a80425fb\nNoNewPrivs:\t1\n")
	if err != nil || c.UID != 65532 || c.GID != 2 || !c.NoNewPrivileges || !reflect.DeepEqual(c.Capabilities, []string{"NET_BIND_SERVICE", "SYS_ADMIN"}) || len(c.Bounding) != 14 {
		t.Errorf("%+v %v", c, err)
	}
	for _, text := range []string{"Uid:\tx\ty\n", "Gid:\t1\n", "CapEff:\tz\n"} {
		if readStatus(&c, text) == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func FuzzReadStatus(f *testing.F) {
	f.Add("Uid:\t0\t0\nCapEff:\t0\n")
	f.Fuzz(func(_ *testing.T, text string) { _ = readStatus(&protocol.SeenContainer{}, text) })
}
