package connect

import "time"

// What a host is judged by.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html#service-connect-concepts-proxy
const (
	failuresToEject = 5
	failureWindow   = 30 * time.Second
	ejectionBase    = 30 * time.Second
	ejectionMost    = 300 * time.Second
)

// record is what a proxy remembers of a host. It is changed by after alone,
// which is pure.
type record struct {
	failures  int       // in a row
	lastAt    time.Time // the latest of them
	ejections int       // how often it was put out, less the time it has been well
	until     time.Time // put out until then
}

// out tells whether the host gets nothing now.
func (r record) out(now time.Time) bool { return now.Before(r.until) }

// after is the record behind one more outcome. Five failures in a row, none of
// them more than 30 seconds behind the one before, put the host out: for 30
// seconds the first time, 30 more each time it happens again, at most 300. Each
// 30 seconds it has been in again take one of those back.
func (r record) after(ok bool, now time.Time) record {
	if ok {
		r.failures, r.lastAt = 0, time.Time{}
		return r
	}
	if r.out(now) { // it was asked because all are out
		return r
	}
	if now.Sub(r.lastAt) > failureWindow {
		r.failures = 0
	}
	r.failures++
	r.lastAt = now
	if r.failures < failuresToEject {
		return r
	}
	if r.ejections > 0 {
		r.ejections = max(0, r.ejections-int(now.Sub(r.until)/ejectionBase))
	}
	r.ejections++
	r.failures, r.lastAt = 0, time.Time{}
	r.until = now.Add(min(time.Duration(r.ejections)*ejectionBase, ejectionMost))
	return r
}
