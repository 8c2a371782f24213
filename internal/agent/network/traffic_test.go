package network

import "testing"

func TestTrafficIsTheTasksOwn(t *testing.T) {
	got := parseTraffic([]byte(`Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0
hv0123456789ab: 11 12 13 14    0     0          0         0 21 22 23 24    0     0       0          0
`))
	want := Counters{TxBytes: 11, TxPackets: 12, TxErrors: 13, TxDropped: 14, RxBytes: 21, RxPackets: 22, RxErrors: 23, RxDropped: 24}
	if got["hv0123456789ab"] != want || len(got) != 2 {
		t.Errorf("%+v", got)
	}
}
