package wire_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/wire"
)

type findInput struct {
	Filters []struct {
		Name   string
		Values []string `ec2:"Value"`
	} `ec2:"filter"`
	GroupIDs []string `ec2:"groupId"`
	Max      *int32
	DryRun   bool
}

type findOutput struct {
	Groups []struct {
		Id   string
		Tags []string `ec2:"tagSet"`
		At   *time.Time
	} `ec2:"groupSet"`
	NextToken string
}

// TestEC2Query holds the bytes of the protocol: what a form means, what an
// answer and an error look like, and that a parameter nobody reads is refused.
func TestEC2Query(t *testing.T) {
	var in findInput
	fail := error(nil)
	handler, err := wire.NewHandler(wire.HandlerConfig{
		DefaultScope: scope(), NewRequestID: func() string { return "id-1" },
		Services: []wire.Service{{
			Name: "ec2", Title: "Amazon EC2", Protocol: wire.EC2Query, APIVersion: "2016-11-15", Namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
			Operations: []wire.Operation{wire.Op("Find", func(_ context.Context, _ wire.Caller, got *findInput) (*findOutput, error) {
				in = *got
				at, out := time.Date(2026, 11, 21, 1, 2, 3, 0, time.UTC), &findOutput{}
				out.Groups = append(out.Groups, struct {
					Id   string
					Tags []string `ec2:"tagSet"`
					At   *time.Time
				}{"a<b", []string{}, &at})
				return out, fail
			})},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(form string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r)
		return rec.Code, rec.Body.String()
	}
	const head = `<?xml version="1.0" encoding="UTF-8"?>`
	const about = "Action=Find&Version=2016-11-15"
	refused := func(code, message string) string {
		return head + "<Response><Errors><Error><Code>" + code + "</Code><Message>" + message + "</Message></Error></Errors><RequestID>id-1</RequestID></Response>"
	}
	for _, tc := range []struct {
		form   string
		status int
		want   string
	}{
		{about + "&Filter.1.Name=n&Filter.1.Value.2=b&Filter.1.Value.1=a&GroupId.1=g&Max=7&DryRun=true&X-Amz-Date=x", 200,
			head + `<FindResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>id-1</requestId><groupSet><item><id>a&#60;b</id><tagSet></tagSet><at>2026-11-21T01:02:03.000Z</at></item></groupSet></FindResponse>`},
		{about + "&Colour=red", 400, refused("UnknownParameter", "The parameter Colour is not recognized: Hatoba does not support it. Leave it out.")},
		{about + "&Filter.1.Colour=red", 400, refused("UnknownParameter", "The parameter Filter.1.Colour is not recognized: Hatoba does not support it. Leave it out.")},
		{about + "&Max=x", 400, refused("InvalidParameterValue", "STRING_VALUE can not be converted to an Integer at Max")},
		{"Action=RunInstances&Version=2016-11-15", 400, refused("UnsupportedOperationException", "Hatoba does not support ec2 RunInstances yet.")},
	} {
		if status, body := ask(tc.form); status != tc.status || body != tc.want {
			t.Errorf("%s\n got %d %s\nwant %d %s", tc.form, status, body, tc.status, tc.want)
		}
	}
	if len(in.Filters) != 1 || strings.Join(in.Filters[0].Values, "") != "ab" || in.GroupIDs[0] != "g" || *in.Max != 7 || !in.DryRun {
		t.Errorf("read as %+v", in)
	}
	if status, body := ask(about + "&Colour=&Shade=false&Filter.1.Colour.1.X="); status != 200 {
		t.Errorf("what asks for nothing is refused: %s", body)
	}
	fail = wire.Errorf("InvalidGroup.NotFound", "No.")
	if status, body := ask(about); status != 400 || body != refused("InvalidGroup.NotFound", "No.") {
		t.Errorf("%d %s", status, body)
	}
}
