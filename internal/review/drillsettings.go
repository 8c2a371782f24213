package review

import "time"

// DrillSettings are the drill section of hatoba-review.json. The zero value
// takes the defaults.
type DrillSettings struct {
	Probe     string        // path that is asked under load; "": the target group's health check path, else /
	Slow      string        // path whose answer takes a while; "": none is known
	Method    string        // of Slow; "": GET
	Takes     time.Duration // about how long Slow takes, or a request's body is sent; 0: 3 s
	Marker    string        // path whose requests are logged, with {marker} in it; "": /hatoba-drill-{marker}
	Rate      int           // requests a second; 0: 20
	Lost      float64       // share of requests a deployment may lose
	P95       time.Duration // what a deployment may add to the 95th percentile; 0: 250 ms
	Back      time.Duration // in which all tasks are back after a kill; 0: 60 s
	KillLost  float64       // share of requests a kill may lose; 0: 0.05
	DataCheck []string      // a command that ends with 0 when the data is consistent
	Temporary []string      // folders of a container in which files may come and go
	Alarms    []string      // a drill ends when one of these CloudWatch alarms is in ALARM
	StopLost  float64       // a drill on the live service ends when it loses this share of its requests; 0: 0.2
	Limit     time.Duration // of all drills together; 0: 3 min
}

// WithDefaults fills in what was left out.
func (s DrillSettings) WithDefaults() DrillSettings {
	or := func(at *time.Duration, d time.Duration) {
		if *at == 0 {
			*at = d
		}
	}
	or(&s.Takes, 3*time.Second)
	or(&s.P95, 250*time.Millisecond)
	or(&s.Back, time.Minute)
	or(&s.Limit, 3*time.Minute)
	if s.Marker == "" {
		s.Marker = "/hatoba-drill-{marker}"
	}
	if s.Method == "" {
		s.Method = "GET"
	}
	if s.Rate == 0 {
		s.Rate = 20
	}
	if s.KillLost == 0 {
		s.KillLost = 0.05
	}
	if s.StopLost == 0 {
		s.StopLost = 0.2
	}
	return s
}
