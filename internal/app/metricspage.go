package app

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/aws/s3"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/metrics/exposition"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// metricsPath is where Prometheus scrapes.
const metricsPath = "/metrics"

// withMetrics answers GET /metrics to whom may speak to the APIs. Who asks for
// a bucket of that name signs, or names S3's host.
func (a *App) withMetrics(next http.Handler) http.Handler {
	page := a.known(http.HandlerFunc(a.metricsPage))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == metricsPath && (r.Method == http.MethodGet || r.Method == http.MethodHead) && !s3.Claims(r) {
			page.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// requests count what the APIs were asked.
type requests struct {
	mu     sync.Mutex
	counts map[[3]string]float64 // service, operation, code
}

func (r *requests) count(service, operation, code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[[3]string]float64{}
	}
	r.counts[[3]string{service, operation, code}]++
}

func (r *requests) family() exposition.Family {
	f := exposition.Family{Name: "hatoba_requests_total", Help: "Requests of the AWS APIs, by the code of the error that was answered.", Counter: true}
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, n := range r.counts {
		f.Add(n, "service", key[0], "operation", key[1], "code", key[2])
	}
	slices.SortFunc(f.Samples, func(a, b exposition.Sample) int { return slices.Compare(a.Labels, b.Labels) })
	return f
}

// metricsPage writes our own numbers, and the newest of ECS and load balancing.
func (a *App) metricsPage(w http.ResponseWriter, r *http.Request) {
	families := append(a.ownNumbers(), a.requests.family())
	stored, err := a.storedNumbers(r.Context())
	if err == nil {
		families = append(families, stored...)
		stored, err = a.awsNumbers(r.Context())
	}
	if err != nil {
		a.log.Error("metrics can not be told", "error", err)
		http.Error(w, "the metrics can not be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", exposition.ContentType)
	_ = exposition.Write(w, append(families, stored...)) // a scraper that went away is not news
}

// ownNumbers are what the parts count.
func (a *App) ownNumbers() []exposition.Family {
	counter := func(name, help string, v int64) exposition.Family {
		return exposition.Family{Name: name, Help: help, Counter: true, Samples: []exposition.Sample{{Value: float64(v)}}}
	}
	gauge := func(name, help string, v int64) exposition.Family {
		f := counter(name, help, v)
		f.Counter = false
		return f
	}
	kept := a.metrics.Stats()
	events, bytes := a.logs.Taken()
	lostBytes, lostLines := a.agent.Dropped()
	out := []exposition.Family{
		gauge("hatoba_start_time_seconds", "When this Hatoba started, in Unix seconds.", a.started.Unix()),
		counter("hatoba_metric_data_total", "Metric data that were taken.", kept.Taken),
		counter("hatoba_metric_data_refused_total", "Metric data that were not taken, for whatever reason.", kept.Refused),
		counter("hatoba_metric_samples_total", "Numbers that metric data were stored as.", kept.Samples),
		gauge("hatoba_metric_series", "Metrics, by unit, that had data in the last two weeks.", int64(kept.Series)),
		counter("hatoba_counts_lost_total", "Times that what was counted and not told yet was lost: with the machine, or because it could not be kept, read or stored.", a.underWay.Lost()),
		counter("hatoba_log_events_total", "Log events that were stored.", events),
		counter("hatoba_log_bytes_total", "Bytes of log messages that were stored.", bytes),
		counter("hatoba_log_dropped_bytes_total", "Bytes of output in log mode non-blocking that were dropped.", lostBytes),
		counter("hatoba_log_dropped_lines_total", "Lines of output in log mode non-blocking that were dropped.", lostLines),
	}
	sent := a.notifications.loop.Counts()
	deliveries := exposition.Family{Name: "hatoba_deliveries_total", Help: "Attempts to deliver notifications and requests of event targets.", Counter: true}
	deliveries.Add(float64(sent.Taken), "outcome", "taken")
	deliveries.Add(float64(sent.Again), "outcome", "to be tried again")
	deliveries.Add(float64(sent.GivenUp), "outcome", "given up")
	out = append(out, deliveries)
	if u, err := a.disk.Usage(); err == nil {
		out = append(out, gauge("hatoba_disk_free_bytes", "Room on the disk of the data directory.", u.Free))
	}
	return out
}

// storedNumbers are counted in the store.
func (a *App) storedNumbers(ctx context.Context) ([]exposition.Family, error) {
	tasks := exposition.Family{Name: "hatoba_tasks", Help: "Tasks by their last status. Stopped ones are known for an hour."}
	deliveries := exposition.Family{Name: "hatoba_deliveries_pending", Help: "Notifications and requests of event targets that are still to be delivered."}
	failing := exposition.Family{Name: "hatoba_deliveries_failing", Help: "Those of them that were tried in vain."}
	err := a.store.View(ctx, func(r store.Reader) error {
		counts := map[[4]string]float64{}
		for key, t := range store.Tasks.List(r, state.Scope{}, "") {
			cluster, _, _ := strings.Cut(key.ID, "/")
			counts[[4]string{key.Account, key.Region, cluster, t.Observed.Status.String()}]++
		}
		for k, n := range counts {
			tasks.Add(n, "account", k[0], "region", k[1], "cluster", k[2], "status", k[3])
		}
		pending, inVain := 0.0, 0.0
		for _, d := range store.Deliveries.List(r, state.Scope{}, "") {
			if pending++; d.Attempts > 0 {
				inVain++
			}
		}
		deliveries.Add(pending)
		failing.Add(inVain)
		return nil
	})
	slices.SortFunc(tasks.Samples, func(a, b exposition.Sample) int { return slices.Compare(a.Labels, b.Labels) })
	return []exposition.Family{tasks, deliveries, failing}, err
}

// fresh is how old the newest minute of a metric may be to be told.
const fresh = 5 * time.Minute

// told are the namespaces whose newest minutes are told.
var told = []string{"AWS/ECS", "ECS/ContainerInsights", "AWS/ApplicationELB", "AWS/NetworkELB"}

// awsNumbers are the newest minute of what is measured for CloudWatch.
func (a *App) awsNumbers(ctx context.Context) ([]exposition.Family, error) {
	now := time.Now()
	found := a.metrics.List(state.Scope{}, func(l metrics.Listed) bool {
		return slices.Contains(told, l.Namespace) && now.Sub(l.Last) < fresh
	})
	families := map[string]*exposition.Family{}
	for _, l := range found {
		buckets, err := a.metrics.Buckets(ctx, l.Scope, metrics.Query{Series: l.Series, Period: time.Minute, From: now.Add(-fresh), To: now})
		if err != nil {
			return nil, err
		}
		if buckets = metrics.JoinUnits(buckets); len(buckets) == 0 {
			continue
		}
		newest := buckets[len(buckets)-1]
		labels := []string{"account", l.Scope.Account, "region", l.Scope.Region}
		for _, d := range l.Dimensions {
			labels = append(labels, exposition.Name(d.Name), d.Value)
		}
		name := exposition.Name(l.Namespace + "_" + l.Name)
		for suffix, v := range map[string]float64{"average": newest.Sum / newest.Count, "maximum": newest.Max, "minimum": newest.Min, "sum": newest.Sum, "sample_count": newest.Count} {
			full := name + "_" + suffix
			f := families[full]
			if f == nil {
				f = &exposition.Family{Name: full, Help: "CloudWatch's " + l.Namespace + " " + l.Name + ", of the newest minute."}
				families[full] = f
			}
			f.Add(v, labels...)
		}
	}
	out := make([]exposition.Family, 0, len(families))
	for _, f := range families {
		out = append(out, *f)
	}
	return out, nil
}
