package etcd

import (
	"net/url"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

const (
	// quota is where etcd refuses writes. Old revisions are compacted away all
	// the time (see log), so that this is room for records.
	quota = 8 << 30
	// maxTxnOps and maxRequest leave room above what mvcc puts in one batch.
	maxTxnOps  = 8192
	maxRequest = 10 << 20
	// snapshotEvery and catchUp bound the log entries kept in memory, and what
	// a start has to replay. There is no other member that might catch up.
	snapshotEvery = 2000
	catchUp       = 10
	// defragMiB is how much a defragmentation must free to be done. It happens
	// at start only, before the store is open, for it blocks everything; pages
	// freed while running are used again.
	defragMiB = 64
)

func memberConfig(cfg Config) (*embed.Config, error) {
	ec := embed.NewConfig()
	ec.Name = "hatoba"
	ec.Dir = filepath.Join(cfg.Dir, "member")
	// Alone, a member needs no patience for others: it elects itself one to
	// five ticks after its start. A shorter tick would start sooner, and each one
	// wakes an idle machine.
	ec.TickMs, ec.ElectionMs = 40, 200
	// What is acknowledged is in the log; the rest of it may come later.
	ec.BackendBatchInterval = time.Second
	ec.AutoCompactionRetention = "0" // log compacts
	ec.BootstrapDefragThresholdMegabytes = defragMiB
	ec.QuotaBackendBytes = quota
	ec.MaxTxnOps = maxTxnOps
	ec.MaxRequestBytes = maxRequest
	ec.SnapshotCount, ec.SnapshotCatchUpEntries = snapshotEvery, catchUp
	ec.BackendFreelistType = "map"
	ec.LogLevel = "error"
	ec.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zapTo(cfg.Log))
	// etcd wants a name for where others would reach it; it listens nowhere.
	nowhere := url.URL{Scheme: "unix", Path: "/hatoba"}
	ec.ListenClientUrls, ec.ListenPeerUrls = []url.URL{}, []url.URL{}
	ec.AdvertiseClientUrls, ec.AdvertisePeerUrls = []url.URL{nowhere}, []url.URL{nowhere}
	ec.InitialCluster = ec.InitialClusterFromName(ec.Name)
	return ec, ec.Validate()
}
