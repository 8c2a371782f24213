package clients

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/test/clients/transcript"
	"github.com/hatoba/hatoba/test/harness"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Clean()
	os.Exit(code)
}

// What clients said to a Hatoba is said again to the whole product: every answer
// has what theirs had. CONTRIBUTING.md says how the files are recorded.
func TestTranscripts(t *testing.T) {
	harness.NeedRoot(t)
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			said := read(t, file)
			w := harness.Start(t)
			w.Image()
			to := transcript.Target{URL: "http://" + w.Listen, Account: harness.Account, Region: harness.Region, Patience: harness.Patience}
			if err := transcript.Replay(t.Context(), to, said); err != nil {
				t.Error(err)
			}
		})
	}
}

// Transcripts can be read, and name nothing of the run they were recorded in.
func TestTranscriptsAreOfNoRun(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		said := read(t, file)
		if len(said.Calls) == 0 || len(said.Comment) == 0 {
			t.Errorf("%s: %d calls, comment %q", file, len(said.Calls), said.Comment)
		}
		bound := transcript.Bindings{"{endpoint}": "{endpoint}"}
		for i, c := range said.Calls {
			if _, err := bound.Fill(c.Request); err != nil {
				t.Errorf("%s, call %d, %s %s: %v", file, i+1, c.Service, c.Operation, err)
			}
			if err := bound.Match(c.Answer, c.Answer); err != nil {
				t.Errorf("%s, call %d, %s %s: %v", file, i+1, c.Service, c.Operation, err)
			}
		}
	}
}

func read(t *testing.T, file string) transcript.Transcript {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	said, err := transcript.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return said
}
