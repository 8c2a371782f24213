package lb

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func parsed(t testing.TB, request string) *head {
	t.Helper()
	var h head
	if err := h.parseRequest([]byte(request)); err != nil {
		t.Fatal(err)
	}
	return &h
}

func TestConditions(t *testing.T) {
	h := parsed(t, "GET /img/a.png?v=1&Key=Value HTTP/1.1\r\nHost: WWW.Example.com:8080\r\nX-Env: Staging\r\nX-Env: blue\r\n\r\n")
	client := netip.MustParseAddr("10.1.2.3")
	p := New(Options{})
	for _, c := range []struct {
		name string
		c    Condition
		want bool
	}{
		{"host", Condition{Field: HostHeader, Values: []string{"other", "www.EXAMPLE.com"}}, true},
		{"host by wildcard", Condition{Field: HostHeader, Values: []string{"*.example.com"}}, true},
		{"host of others", Condition{Field: HostHeader, Values: []string{"example.com"}}, false},
		{"host by regex", Condition{Field: HostHeader, Regexes: []*regexp.Regexp{regexp.MustCompile("(?i)^www")}}, true},
		{"path", Condition{Field: PathPattern, Values: []string{"/img/*.png"}}, true},
		{"path in another case", Condition{Field: PathPattern, Values: []string{"/IMG/*"}}, false},
		{"path without query", Condition{Field: PathPattern, Values: []string{"*v=1*"}}, false},
		{"path by question marks", Condition{Field: PathPattern, Values: []string{"/img/?.png"}}, true},
		{"header", Condition{Field: HTTPHeader, Header: "x-env", Values: []string{"stag*"}}, true},
		{"header, second field", Condition{Field: HTTPHeader, Header: "X-Env", Values: []string{"BLUE"}}, true},
		{"header that is not there", Condition{Field: HTTPHeader, Header: "X-No", Values: []string{"*"}}, false},
		{"method", Condition{Field: HTTPMethod, Values: []string{"POST", "GET"}}, true},
		{"method in another case", Condition{Field: HTTPMethod, Values: []string{"get"}}, false},
		{"query", Condition{Field: QueryString, Query: []QueryPair{{"v", "1"}}}, true},
		{"query, any key", Condition{Field: QueryString, Query: []QueryPair{{"", "val?e"}}}, true},
		{"query, case", Condition{Field: QueryString, Query: []QueryPair{{"KEY", "VALUE"}}}, true},
		{"query, other value", Condition{Field: QueryString, Query: []QueryPair{{"v", "2"}}}, false},
		{"source", Condition{Field: SourceIP, Sources: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, true},
		{"other source", Condition{Field: SourceIP, Sources: []netip.Prefix{netip.MustParsePrefix("11.0.0.0/8")}}, false},
	} {
		r := p.compileRule(&serving{}, &Rule{Conditions: []Condition{c.c}})
		if got := r.match(h, client); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// A glob is its regular expression.
func TestGlob(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*?]{0,8}`).Draw(t, "pattern")
		text := rapid.StringMatching(`[abc]{0,12}`).Draw(t, "text")
		re := regexp.MustCompile("^" + strings.NewReplacer("*", ".*", "?", ".").Replace(pattern) + "$")
		if got, want := glob(pattern, []byte(text), false), re.MatchString(text); got != want {
			t.Fatalf("%q %q: %v", pattern, text, got)
		}
	})
}

func TestRedirects(t *testing.T) {
	h := parsed(t, "GET /a/b?c=d HTTP/1.1\r\nHost: example.com:8080\r\n\r\n")
	for _, c := range []struct {
		r    Redirect
		want string
	}{
		{Redirect{Protocol: "HTTPS", Port: "443"}, "https://example.com:443/a/b?c=d"},
		{Redirect{Host: "new.#{host}", Path: "/x/#{path}", Query: "#{query}&e=f"}, "http://new.example.com:80/x/a/b?c=d&e=f"},
		{Redirect{Path: "/#{protocol}/#{port}"}, "http://example.com:80/http/80?c=d"},
	} {
		if got := c.r.location(h, false, 80); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func forwardTo(groups ...WeightedGroup) Action { return Action{Forward: &Forward{Groups: groups}} }

func named(t testing.TB, name string) netip.AddrPort {
	return server(t, func(rw http.ResponseWriter, r *http.Request) { fmt.Fprint(rw, name, " ", r.RequestURI, " ", r.Host) })
}

func TestRulesAndActions(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(func(c *Change) {
		c.Groups = append(c.Groups, Group{ID: "api"})
		c.Targets = append(c.Targets, Target{ID: "api", Group: "api", Address: named(t, "api"), State: Healthy})
		c.Listeners[0].Rules = []Rule{
			{Priority: 1, Conditions: []Condition{{Field: PathPattern, Values: []string{"/api/*"}}}, Action: forwardTo(WeightedGroup{"api", 1})},
			{Priority: 2, Conditions: []Condition{{Field: PathPattern, Values: []string{"/fixed"}}}, Action: Action{Fixed: &Fixed{Status: 418, ContentType: "application/json", Body: "{}"}}},
			{Priority: 3, Conditions: []Condition{{Field: PathPattern, Values: []string{"/old/*"}}}, Action: Action{Redirect: &Redirect{Status: 302, Protocol: "HTTPS", Port: "443"}}},
			{Priority: 4, Conditions: []Condition{{Field: PathPattern, Values: []string{"/re/*"}}}, Action: forwardTo(WeightedGroup{"api", 1}),
				RewriteURL: []Rewrite{{regexp.MustCompile("^/re/(.*)$"), "/v2/$1"}}, RewriteHost: []Rewrite{{regexp.MustCompile("^.*$"), "inner"}}},
			{Priority: 5, Conditions: []Condition{{Field: PathPattern, Values: []string{"/none"}}}, Action: forwardTo(WeightedGroup{"api", 0})},
			{Priority: 6, Conditions: []Condition{{Field: PathPattern, Values: []string{"/unknown"}}}, Action: forwardTo(WeightedGroup{"unknown", 1})},
		}
	}, named(t, "web"))
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]string{
		"/api/x":   "200 api /api/x " + at,
		"/":        "200 web / " + at,
		"/fixed":   "418 {}",
		"/old/a?b": "302 https://" + w.addr.String() + ":443/old/a?b",
		"/re/a?b":  "200 api /v2/a?b inner:8080",
		"/none":    "503 ",
		"/unknown": "503 ",
	} {
		res, err := client.Get("http://" + at + path) //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		got := fmt.Sprint(res.StatusCode, " ", res.Header.Get("Location"), string(b))
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	// A rule that comes is there for connections that are open.
	w.Apply(Change{Listeners: []Listener{{ID: "l", Balancer: "b", Port: 8080, Default: Action{Fixed: &Fixed{Status: 200, Body: "closed"}}}}})
	if _, body, _ := get(t, "http://"+at+"/api/x"); body != "closed" {
		t.Errorf("got %q", body)
	}
}

func TestWeights(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(func(c *Change) {
		c.Groups = append(c.Groups, Group{ID: "h"})
		c.Targets = append(c.Targets, Target{ID: "h", Group: "h", Address: named(t, "h"), State: Healthy})
		c.Listeners[0].Default = forwardTo(WeightedGroup{"g", 3}, WeightedGroup{"h", 1})
	}, named(t, "g"))
	got := map[string]int{}
	for range 400 {
		_, body, _ := get(t, "http://"+at)
		got[body[:1]]++
	}
	if got["g"] < 240 || got["g"] > 360 || got["g"]+got["h"] != 400 {
		t.Errorf("3 to 1 came out as %v", got)
	}
}

func TestAlgorithmsAndHealth(t *testing.T) {
	now := time.Now()
	p := New(Options{})
	put := func(states ...TargetState) *group {
		c := Change{Reset: true, Groups: []Group{{ID: "g"}}}
		for i, s := range states {
			c.Targets = append(c.Targets, Target{ID: fmt.Sprint(i), Group: "g", Address: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(i+1)), State: s})
		}
		p.Apply(c)
		return p.group("g")
	}
	count := func(g *group, conf *Group, n int) map[string]int {
		got := map[string]int{}
		for range n {
			if tg := g.choose(conf, nil, now); tg != nil {
				got[tg.id]++
			}
		}
		return got
	}
	g := put(Healthy, Unhealthy, Healthy, Draining, Initial, Healthy)
	if got := count(g, &Group{}, 300); got["0"] != 100 || got["2"] != 100 || got["5"] != 100 {
		t.Errorf("round robin: %v", got)
	}
	g.members.Load().at(0).count.outstanding.Store(5)
	if got := count(g, &Group{Algorithm: LeastOutstanding}, 300); got["0"] != 0 || got["2"]+got["5"] != 300 || got["2"] == 0 || got["5"] == 0 {
		t.Errorf("least outstanding: %v", got)
	}
	if got := count(g, &Group{Algorithm: WeightedRandom}, 900); got["0"] < 200 || got["2"] < 200 || got["5"] < 200 {
		t.Errorf("weighted random: %v", got)
	}
	if got := count(g, &Group{MinHealthy: 4}, 500); got["1"] != 100 || got["4"] != 100 || got["3"] != 0 {
		t.Errorf("too few healthy: %v", got)
	}
	if got := count(g, &Group{MinHealthyPercent: 80}, 500); got["1"] != 100 {
		t.Errorf("too small a share healthy: %v", got)
	}
	g = put(Unhealthy, Unhealthy, Draining, Initial)
	if got := count(g, &Group{}, 300); got["0"] != 100 || got["1"] != 100 || got["3"] != 100 {
		t.Errorf("fail open: %v", got)
	}
	if g = put(Draining); g.choose(&Group{}, nil, now) != nil {
		t.Error("a draining target was chosen")
	}
}

func TestSlowStart(t *testing.T) {
	now := time.Now()
	p := New(Options{})
	c := Change{}
	for i := range 4 {
		c.Targets = append(c.Targets, Target{ID: fmt.Sprint(i), Group: "g", Address: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(i+1)), State: Healthy})
	}
	c.Targets[0].HealthySince = now.Add(-30 * time.Second)
	p.Apply(c)
	g := p.group("g")
	got := 0
	for range 4000 {
		if g.choose(&Group{SlowStart: 100 * time.Second}, nil, now).id == "0" {
			got++
		}
	}
	// Of its thousand turns it takes three in ten.
	if math.Abs(float64(got)-300) > 80 {
		t.Errorf("a target after 30 of 100 s got %d of 1,000", got)
	}
}

func sticky(t *testing.T, at string) (*http.Client, func() string) {
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar}
	return c, func() string {
		t.Helper()
		res, err := c.Get("http://" + at + "/") //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return strings.Fields(string(b))[0]
	}
}

func TestStickiness(t *testing.T) {
	app := func(name string) netip.AddrPort {
		return server(t, func(rw http.ResponseWriter, r *http.Request) {
			if _, err := r.Cookie("SESSION"); err != nil {
				http.SetCookie(rw, &http.Cookie{Name: "SESSION", Value: name})
			}
			fmt.Fprint(rw, name)
		})
	}
	for name, group := range map[string]Group{
		"AWSALB":      {ID: "g", Sticky: BalancerCookie, StickyFor: time.Hour},
		"AWSALBAPP-0": {ID: "g", Sticky: ApplicationCookie, CookieName: "SESSION"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Options{})
			at := w.http(func(c *Change) { c.Groups = []Group{group} }, app("a"), app("b"), app("c"))
			c, ask := sticky(t, at)
			first := ask()
			for range 10 {
				if got := ask(); got != first {
					t.Fatalf("%s, then %s", first, got)
				}
			}
			u, _ := url.Parse("http://" + at)
			found := false
			for _, k := range c.Jar.Cookies(u) {
				found = found || k.Name == name
			}
			if !found {
				t.Errorf("cookies %v", c.Jar.Cookies(u))
			}
			id := map[string]string{"a": "t0", "b": "t1", "c": "t2"}[first]
			tg := w.targets[id]
			w.Apply(Change{Targets: []Target{{ID: id, Group: "g", Address: tg.addr, State: Draining}}})
			second := ask()
			if second == first {
				t.Error("a draining target is still asked")
			}
			if got := ask(); got != second {
				t.Error("the cookie does not bind to the new target")
			}
		})
	}
}

func TestGroupStickiness(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(func(c *Change) {
		c.Groups = append(c.Groups, Group{ID: "h"})
		c.Targets = append(c.Targets, Target{ID: "h", Group: "h", Address: named(t, "h"), State: Healthy})
		c.Listeners[0].Default = forwardTo(WeightedGroup{"g", 1}, WeightedGroup{"h", 1})
		c.Listeners[0].Default.Forward.Sticky = time.Hour
	}, named(t, "g"))
	seen := map[string]bool{}
	for range 20 {
		_, ask := sticky(t, at)
		first := ask()
		seen[first] = true
		for range 3 {
			if got := ask(); got != first {
				t.Fatalf("%s, then %s", first, got)
			}
		}
	}
	if len(seen) != 2 {
		t.Error("one group got all")
	}
}

func TestCookiesAreSealed(t *testing.T) {
	now := time.Now()
	s := newSealer([32]byte{1})
	c := s.put(nil, 1, 2, now.Add(time.Hour))
	if got, ok := s.get(c, 1, now); !ok || got != 2 {
		t.Error("a cookie does not hold what it was given")
	}
	other := newSealer([32]byte{2})
	if _, ok := other.get(c, 1, now); ok {
		t.Error("another key reads it")
	}
	if _, ok := s.get(c, 3, now); ok {
		t.Error("it is good for another group")
	}
	if _, ok := s.get(c, 1, now.Add(2*time.Hour)); ok {
		t.Error("it does not end")
	}
	c[5] ^= 1
	if _, ok := s.get(c, 1, now); ok {
		t.Error("it can be changed")
	}
}

func TestForwardedFields(t *testing.T) {
	type want map[string]string
	for _, c := range []struct {
		name  string
		attrs HTTPAttributes
		send  string
		want  want
	}{
		{"appended", HTTPAttributes{}, "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\n", want{"X-Forwarded-For": "1.2.3.4, 127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Port": "8080"}},
		{"preserved", HTTPAttributes{ForwardedFor: PreserveForwardedFor}, "X-Forwarded-For: 1.2.3.4\r\n", want{"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "http"}},
		{"removed", HTTPAttributes{ForwardedFor: RemoveForwardedFor}, "X-Forwarded-For: 1.2.3.4\r\n", want{"X-Forwarded-For": ""}},
		{"hop by hop", HTTPAttributes{}, "Connection: X-Secret, keep-alive\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nTE: gzip\r\nProxy-Connection: a\r\nX-Kept: 1\r\n", want{"X-Secret": "", "Keep-Alive": "", "Te": "", "Proxy-Connection": "", "X-Kept": "1"}},
		{"invalid names kept", HTTPAttributes{}, "X_Y: 1\r\n", want{"X_Y": "1"}},
		{"invalid names dropped", HTTPAttributes{DropInvalidHeaders: true}, "X_Y: 1\r\nX-Z: 1\r\n", want{"X_Y": "", "X-Z": "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Options{})
			got := make(chan http.Header, 1)
			at := w.http(func(ch *Change) { ch.Balancers[0].HTTP = c.attrs }, server(t, func(_ http.ResponseWriter, r *http.Request) { got <- r.Header }))
			raw(t, at, "GET / HTTP/1.1\r\nHost: a\r\n"+c.send+"X-Last: 1\r\n"+closing)
			h := <-got
			for name, value := range c.want {
				if v := strings.Join(h.Values(name), "|"); v != value {
					t.Errorf("%s is %q, want %q", name, v, value)
				}
			}
			if h.Get("X-Last") != "1" {
				t.Error("a field was lost")
			}
			if !regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$`).MatchString(h.Get("X-Amzn-Trace-Id")) {
				t.Errorf("trace id %q", h.Get("X-Amzn-Trace-Id"))
			}
		})
	}
}

func TestTraceIDs(t *testing.T) {
	v := visit{now: time.Unix(0x6600aabb, 0)}
	for given, want := range map[string]string{
		"Root=1-67891233-abcdef012345678912345678":                   `^Self=1-6600aabb-[0-9a-f]{24};Root=1-67891233-abcdef012345678912345678$`,
		"Self=1-1-2;Root=1-67891233-abcdef012345678912345678;User=x": `^Self=1-6600aabb-[0-9a-f]{24};Root=1-67891233-abcdef012345678912345678;User=x$`,
		"Parent=1": `^Root=1-6600aabb-[0-9a-f]{24};Parent=1$`,
		"":         `^Root=1-6600aabb-[0-9a-f]{24}$`,
	} {
		v.req = parsed(t, "GET / HTTP/1.1\r\nHost: a\r\nX-Amzn-Trace-Id: "+given+"\r\n\r\n")
		if got := string(v.traceID()); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%q became %q", given, got)
		}
	}
}

func TestHosts(t *testing.T) {
	for _, c := range []struct {
		host     string
		port     uint16
		preserve bool
		want     string
	}{
		{"a.com", 80, false, "a.com"}, {"a.com:8080", 80, false, "a.com"}, {"a.com", 8080, false, "a.com:8080"},
		{"a.com:9", 8080, false, "a.com:9"}, {"a.com:8080", 80, true, "a.com:8080"}, {"[::1]:80", 443, false, "[::1]"},
	} {
		v := visit{s: &serving{Listener: Listener{Port: c.port}}, bal: &Balancer{HTTP: HTTPAttributes{PreserveHost: c.preserve}}}
		v.req = parsed(t, "GET / HTTP/1.1\r\nHost: "+c.host+"\r\n\r\n")
		if got := string(v.appendHost(nil)); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestDesyncModes(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(nil, named(t, "ok"))
	body := "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
	if got := raw(t, at, body); !strings.HasPrefix(got, "HTTP/1.1 200") || !strings.Contains(got, "Connection: close") {
		t.Errorf("defensive: %q", got)
	}
	w.Apply(Change{Balancers: []Balancer{{ID: "b", Address: w.addr, HTTP: HTTPAttributes{Desync: Strictest}}}})
	if got := raw(t, at, body); !strings.HasPrefix(got, "HTTP/1.1 400") {
		t.Errorf("strictest: %q", got)
	}
}
