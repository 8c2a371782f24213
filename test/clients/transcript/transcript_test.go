package transcript

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// speaker answers as a Hatoba would, with ids of its own.
func speaker(id string, healthy *int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err == nil && r.Form.Get("Action") == "DescribeVpcs" {
			_, _ = w.Write([]byte(`<DescribeVpcsResponse xmlns="x"><requestId>` + id + `</requestId><vpcSet><item><vpcId>vpc-0` + id[:16] + `</vpcId><cidrBlock>172.31.0.0/16</cidrBlock></item></vpcSet></DescribeVpcsResponse>`))
			return
		}
		*healthy++
		status := "UNKNOWN"
		if *healthy > 2 {
			status = "HEALTHY"
		}
		_, _ = w.Write([]byte(`{"tasks":[{"taskArn":"arn:aws:ecs:us-east-1:123456789012:task/main/` + id + `","createdAt":1.7e9,"startedAt":1700000000.123,"health":"` + status + `","n":1.0}]}`))
	})
}

const (
	first  = "0123456789abcdef0123456789abcdef"
	second = "fedcba9876543210fedcba9876543210"
)

func TestWhatIsRecordedIsSaidAgain(t *testing.T) {
	n := 0
	hatoba := httptest.NewServer(speaker(first, &n))
	defer hatoba.Close()
	to, err := url.Parse(hatoba.URL)
	if err != nil {
		t.Fatal(err)
	}
	recorder := NewRecorder(to)
	proxy := httptest.NewServer(recorder)
	defer proxy.Close()
	target := Target{URL: proxy.URL, Account: "123456789012", Region: "us-east-1"}
	for range 3 { // the client waits until it is healthy
		if _, _, err := ask(t.Context(), target, Call{Service: "ecs", Operation: "DescribeTasks"}, `{"cluster":"main"}`); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := ask(t.Context(), target, Call{Service: "ecs", Operation: "StopTask"}, `{"task":"`+first+`"}`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ask(t.Context(), target, Call{Service: "ec2", Operation: "DescribeVpcs"}, "Filter.1.Name = isDefault\n"); err != nil {
		t.Fatal(err)
	}
	text := recorder.Transcript("two services").String()
	if strings.Contains(text, first) || strings.Contains(text, "1700000000") || strings.Contains(text, "172.31") || strings.Contains(text, "1.7e9") {
		t.Errorf("what differs from run to run has no names:\n%s", text)
	}
	read, err := Parse([]byte(text))
	if err != nil || read.String() != text {
		t.Fatalf("what was written is not read: %v\n%s\n%s", err, text, read.String())
	}
	if len(read.Calls) != 3 {
		t.Errorf("calls: %+v", read.Calls)
	}
	n = 0
	other := httptest.NewServer(speaker(second, &n))
	defer other.Close()
	target.URL, target.Patience = other.URL, 10*time.Second
	if err := Replay(t.Context(), target, read); err != nil {
		t.Error(err)
	}
}

func TestDifferencesAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ recorded, answer, want string }{
		"same":         {`{"a": "{id-1}", "b": [1, 2.5], "c": null}`, `{"a": "x", "b": [1, 2.5], "c": null}`, ""},
		"more":         {`{"a": 1}`, `{"a": 1, "b": 2}`, ""},
		"any":          {`{"a": "{any}"}`, `{"a": [1]}`, ""},
		"less":         {`{"a": {"b": 2}}`, `{"a": {}}`, ".a.b is missing"},
		"another":      {`{"a": "x"}`, `{"a": "y"}`, `.a: "y", not "x"`},
		"null":         {`{"a": "x"}`, `{"a": null}`, ".a: null"},
		"not null":     {`{"a": null}`, `{"a": []}`, ".a: [], not null"},
		"number":       {`{"a": 1}`, `{"a": "1"}`, `.a: "1", not 1`},
		"shorter":      {`[1, 2]`, `[1]`, "not a list of 2"},
		"inconsistent": {`["{id-1}", "{id-1}"]`, `["x", "y"]`, `[1]: "y"`},
		"xml":          {`<A><B><member>1</member></B></A>`, `<A><B><member>1</member><member>2</member></B></A>`, "not a list of 1"},
		"empty xml":    {`<A><B/></A>`, `<A></A>`, `.A: ""`},
	} {
		t.Run(name, func(t *testing.T) {
			err := Bindings{}.Match(c.recorded, c.answer)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# x\n\n> ecs A\n{}\n< 200\n{}\n")
	f.Fuzz(func(t *testing.T, text string) {
		if tr, err := Parse([]byte(text)); err == nil {
			if again, err := Parse([]byte(tr.String())); err != nil || len(again.Calls) != len(tr.Calls) {
				t.Errorf("%v: %q", err, text)
			}
		}
	})
}
