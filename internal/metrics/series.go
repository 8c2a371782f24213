package metrics

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/hatoba/hatoba/internal/state"
)

// The labels of what is stored. The first in order is the series' identity, so
// that what belongs together is read together.
const (
	labelSeries    = "#" // a hash of scope, namespace, name and dimensions
	labelAccount   = "account"
	labelRegion    = "region"
	labelNamespace = "namespace"
	labelName      = "metric"
	labelUnit      = "unit"
	labelKind      = "kind"
	labelLane      = "lane"       // not there: 0
	labelDimension = "dimension:" // and its name
	labelProducer  = "producer"   // of marks alone, see once.go
)

// kind is what a stored number means. Numbers of one datum have one time.
type kind uint8

const (
	kindValue kind = iota // a value
	kindTimes             // how often it was, where not once
	kindCount             // the four of a statistic set
	kindSum
	kindMin
	kindMax
	kindHistogram // beside a set: how its values lie
	kinds
)

var kindNames = [kinds]string{"value", "times", "count", "sum", "min", "max", "histogram"}

// column is a series of numbers in a tier: what tsdb calls a series.
type column struct {
	id     uint64 // in the journal
	tier   resolution
	labels labels.Labels
	ref    storage.SeriesRef
	epoch  uint64 // of the journal that knows it
}

// entry is a series in one unit, as the engine knows it in memory.
type entry struct {
	scope  state.Scope
	series Series
	unit   string
	hash   string
	last   int64 // milliseconds: of its newest datum
	gone   bool  // it was forgotten

	columns [2][kinds]*column // of lane 0, in the tiers seconds and minutes
	lanes   map[laneKey]*column
	used    [2]slots
}

type laneKey struct {
	tier resolution
	kind kind
	lane int
}

// slots tell what of the newest buckets of a series is taken. tsdb has one
// number per time: the values of a bucket, such as a minute, are stored at its
// milliseconds, and lanes begin where these end.
type slots struct {
	recent []slotUse
	newest int64 // bucket; those after it are empty
}

type slotUse struct {
	bucket int64
	next   int
}

// Between calls at most wideSlots buckets of a series are remembered; when there
// are more, keptSlots of them.
const keptSlots, wideSlots = 4, 8

// of returns what is kept of a bucket, nil where nothing is. It is valid until
// the next keep.
func (s *slots) of(bucket int64) *slotUse {
	for i := range s.recent {
		if s.recent[i].bucket == bucket {
			return &s.recent[i]
		}
	}
	return nil
}

// keep remembers a bucket.
func (s *slots) keep(bucket int64, next int) *slotUse {
	s.recent = append(s.recent, slotUse{bucket: bucket, next: next})
	s.newest = max(s.newest, bucket)
	return &s.recent[len(s.recent)-1]
}

// trim forgets all but the newest buckets.
func (s *slots) trim() {
	slices.SortFunc(s.recent, func(a, b slotUse) int { return cmp.Compare(b.bucket, a.bucket) })
	if s.recent = s.recent[:keptSlots]; cap(s.recent) > 4*wideSlots {
		s.recent = slices.Clone(s.recent)
	}
}

// sep cannot be in UTF-8.
const sep = '\xff'

// appendIdentity appends what tells a series apart from all others.
func appendIdentity(b []byte, scope state.Scope, s *Series) []byte {
	for _, text := range [...]string{scope.Account, scope.Region, s.Namespace, s.Name} {
		b = append(append(b, text...), sep)
	}
	for i := range s.Dimensions {
		b = append(append(b, s.Dimensions[i].Name...), sep)
		b = append(append(b, s.Dimensions[i].Value...), sep)
	}
	return b
}

// hashOf is the identity as a label.
func hashOf(scope state.Scope, s *Series) string {
	sum := sha256.Sum256(appendIdentity(nil, scope, s))
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}

// baseLabels are those of all columns of a series.
func baseLabels(scope state.Scope, s *Series, unit, hash string) *labels.Builder {
	b := labels.NewBuilder(labels.EmptyLabels())
	b.Set(labelSeries, hash)
	b.Set(labelAccount, scope.Account)
	b.Set(labelRegion, scope.Region)
	b.Set(labelNamespace, s.Namespace)
	b.Set(labelName, s.Name)
	b.Set(labelUnit, unit)
	for _, d := range s.Dimensions {
		b.Set(labelDimension+d.Name, d.Value)
	}
	return b
}

// ofLabels is the way back.
func ofLabels(l labels.Labels) (scope state.Scope, s Series, unit string) {
	l.Range(func(l labels.Label) {
		switch l.Name {
		case labelAccount:
			scope.Account = strings.Clone(l.Value)
		case labelRegion:
			scope.Region = strings.Clone(l.Value)
		case labelNamespace:
			s.Namespace = strings.Clone(l.Value)
		case labelName:
			s.Name = strings.Clone(l.Value)
		case labelUnit:
			unit = strings.Clone(l.Value)
		default:
			if name, ok := strings.CutPrefix(l.Name, labelDimension); ok {
				s.Dimensions = append(s.Dimensions, Dimension{Name: strings.Clone(name), Value: strings.Clone(l.Value)})
			}
		}
	})
	return scope, s, unit
}

// sorted returns the dimensions by name.
func sorted(d []Dimension) []Dimension {
	byName := func(a, b Dimension) int { return strings.Compare(a.Name, b.Name) }
	if slices.IsSortedFunc(d, byName) {
		return d
	}
	d = slices.Clone(d)
	slices.SortFunc(d, byName)
	return d
}

// column finds or makes the column of a kind and lane.
func (e *Engine) column(s *entry, r resolution, k kind, lane int) *column {
	if lane == 0 {
		if c := s.columns[r][k]; c != nil {
			return c
		}
	} else if c := s.lanes[laneKey{r, k, lane}]; c != nil {
		return c
	}
	b := baseLabels(s.scope, &s.series, s.unit, s.hash)
	b.Set(labelKind, kindNames[k])
	if lane > 0 {
		b.Set(labelLane, strconv.Itoa(lane))
	}
	e.lastID++
	c := &column{id: e.lastID, tier: r, labels: b.Labels()}
	if lane == 0 {
		s.columns[r][k] = c
		return c
	}
	if s.lanes == nil {
		s.lanes = map[laneKey]*column{}
	}
	s.lanes[laneKey{r, k, lane}] = c
	return c
}
