package accesslog

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/lb"
)

// Interval is how often lines become an object. AWS's is five minutes.
const Interval = time.Minute

// Bounds of what is kept of one balancer: above the first it is shipped at
// once, above the second lines are dropped, and counted.
const (
	enough  = 4 << 20
	tooMuch = 32 << 20
)

// Place is where the lines of a balancer go.
type Place struct {
	Bucket, Prefix  string
	Account, Region string
	Address         netip.Addr // of the balancer
}

// Config is what a Sink works with.
type Config struct {
	Log *slog.Logger
	// Find tells where the lines of a balancer go; false: nowhere any more.
	Find func(ctx context.Context, balancer string) (Place, bool)
	// Put writes an object.
	Put func(ctx context.Context, p Place, key string, body []byte) error
}

// Sink gathers lines. It is a lb.AccessLog, and may be used concurrently.
type Sink struct {
	cfg  Config
	full chan struct{}

	mu      sync.Mutex
	lines   map[string][]byte // by balancer
	dropped map[string]int
}

// New returns an empty sink.
func New(cfg Config) *Sink {
	return &Sink{cfg: cfg, full: make(chan struct{}, 1), lines: map[string][]byte{}, dropped: map[string]int{}}
}

// Log implements lb.AccessLog.
func (s *Sink) Log(balancer string, e *lb.Entry) {
	s.mu.Lock()
	b := s.lines[balancer]
	if len(b) >= tooMuch {
		s.dropped[balancer]++
		s.mu.Unlock()
		return
	}
	b = appendLine(b, name(balancer), e)
	s.lines[balancer] = b
	s.mu.Unlock()
	if len(b) >= enough {
		select {
		case s.full <- struct{}{}:
		default:
		}
	}
}

// name is the part of a balancer's ARN that its lines name it by.
func name(arn string) string {
	_, after, _ := strings.Cut(arn, ":loadbalancer/")
	return after
}

// Run ships until ctx ends, and then what is left.
func (s *Sink) Run(ctx context.Context) error {
	tick := time.NewTicker(Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			s.ship(context.WithoutCancel(ctx))
			return nil
		case <-tick.C:
		case <-s.full:
		}
		s.ship(ctx)
	}
}

func (s *Sink) ship(ctx context.Context) {
	s.mu.Lock()
	lines, dropped := s.lines, s.dropped
	s.lines, s.dropped = map[string][]byte{}, map[string]int{}
	s.mu.Unlock()
	for balancer, n := range dropped {
		s.cfg.Log.Warn("access log lines were dropped: more came than could be written", "balancer", balancer, "lines", n)
	}
	for balancer, text := range lines {
		p, ok := s.cfg.Find(ctx, balancer)
		if !ok {
			continue
		}
		body, err := compress(text)
		if err == nil {
			err = s.cfg.Put(ctx, p, key(p, name(balancer), time.Now().UTC()), body)
		}
		if err != nil {
			s.cfg.Log.Warn("an access log could not be written, its lines are lost", "balancer", balancer, "bucket", p.Bucket, "error", err)
		}
	}
}

func compress(text []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}

// key is the name of an object, as AWS makes it.
func key(p Place, balancer string, end time.Time) string {
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails
	return folder(p) + fmt.Sprintf("elasticloadbalancing/%s/%s/%s_elasticloadbalancing_%s_%s_%s_%s_%s.log.gz",
		p.Region, end.Format("2006/01/02"), p.Account, p.Region, strings.ReplaceAll(balancer, "/", "."), end.Format("20060102T1504Z"), p.Address, hex.EncodeToString(random))
}

func folder(p Place) string {
	prefix := strings.Trim(p.Prefix, "/")
	if prefix != "" {
		prefix += "/"
	}
	return prefix + "AWSLogs/" + p.Account + "/"
}
