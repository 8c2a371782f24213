package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hatoba/hatoba/internal/config"
)

func topCommand(s *settings) *cobra.Command {
	var (
		cluster string
		every   time.Duration
		once    bool
	)
	cmd := &cobra.Command{
		Use:   "top [SERVICE]",
		Short: "Show what running tasks use now",
		Long:  "Show the CPU, memory, network and disk that running tasks use, the busiest first: all of them, or a service's. CPU is in units, of which 1024 are one CPU, and as a share of what the task asked for.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			if every < 100*time.Millisecond {
				return errors.New("--every must be 100ms or more")
			}
			wanted := func(n usageNote) bool {
				return (cluster == "" || n.Cluster == cluster) && (len(args) == 0 || n.Service == args[0])
			}
			return explain(c, top(cmd.Context(), c, cmd.OutOrStdout(), wanted, every, once))
		},
	}
	cmd.Flags().StringVar(&cluster, "cluster", "", "of this cluster only")
	cmd.Flags().DurationVar(&every, "every", 2*time.Second, "how often, and over what time")
	cmd.Flags().BoolVar(&once, "once", false, "show it once and end; so it is when the output is no terminal")
	return cmd
}

// usageNote is what GET /_hatoba/usage tells of a task.
type usageNote struct {
	Task       string
	Cluster    string
	Service    string
	Family     string
	At         time.Time
	CPU        float64 `json:"cpu_units"`
	Memory     float64 `json:"memory_mib"`
	Disk       *int64
	Rx, Tx     *uint64
	Containers []containerUsage
}

type containerUsage struct {
	Name        string
	CPU         int64 `json:"cpu_ns"`
	Memory      uint64
	Read, Write uint64
	Health      string
}

func top(ctx context.Context, c config.Config, out io.Writer, wanted func(usageNote) bool, every time.Duration, once bool) error {
	before, err := usageNotes(ctx, c)
	if err != nil {
		return err
	}
	file, _ := out.(*os.File)
	live := !once && file != nil && term.IsTerminal(int(file.Fd()))
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
		now, err := usageNotes(ctx, c)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		var page bytes.Buffer
		if live {
			page.WriteString("\x1b[H\x1b[J")
		}
		writeTop(&page, topRows(before, now, wanted))
		if _, err := out.Write(page.Bytes()); err != nil || !live {
			return err
		}
		before = now
	}
}

// topRow is a line: a task, or one of several containers of it.
type topRow struct {
	task, service, container, health string
	cpu, ofCPU, memory, ofMemory     float64 // units and MiB, and of what
	rx, tx, read, write              float64 // bytes per second; negative: not known
	disk                             *int64
}

// topRows are what was used between two answers, the busiest task first. A task
// that is new has no rate yet and is left out.
func topRows(before, now []usageNote, wanted func(usageNote) bool) (out []topRow) {
	earlier := map[string]usageNote{}
	for _, n := range before {
		earlier[n.Task] = n
	}
	type group struct {
		task       topRow
		containers []topRow
	}
	var groups []group
	for _, n := range now {
		b, ok := earlier[n.Task]
		over := n.At.Sub(b.At).Seconds()
		if !ok || over <= 0 || !wanted(n) {
			continue
		}
		g := group{task: topRow{task: n.Task, service: cmp.Or(n.Service, n.Family), ofCPU: n.CPU, ofMemory: n.Memory, disk: n.Disk, rx: -1, tx: -1}}
		if n.Rx != nil && b.Rx != nil && n.Tx != nil && b.Tx != nil {
			g.task.rx, g.task.tx = rate(*b.Rx, *n.Rx, over), rate(*b.Tx, *n.Tx, over)
		}
		for _, c := range n.Containers {
			i := slices.IndexFunc(b.Containers, func(o containerUsage) bool { return o.Name == c.Name })
			row := topRow{container: c.Name, memory: float64(c.Memory) / (1 << 20), ofCPU: n.CPU, ofMemory: n.Memory, health: c.Health, rx: -1, tx: -1}
			if i >= 0 {
				o := b.Containers[i]
				row.cpu = rate(uint64(o.CPU), uint64(c.CPU), over) / 1e9 * 1024
				row.read, row.write = rate(o.Read, c.Read, over), rate(o.Write, c.Write, over)
			}
			g.task.cpu += row.cpu
			g.task.memory += row.memory
			g.task.read += row.read
			g.task.write += row.write
			g.containers = append(g.containers, row)
		}
		if len(g.containers) == 1 {
			g.task.container, g.task.health, g.containers = g.containers[0].container, g.containers[0].health, nil
		}
		groups = append(groups, g)
	}
	slices.SortStableFunc(groups, func(a, b group) int { return cmp.Compare(b.task.cpu, a.task.cpu) })
	for _, g := range groups {
		out = append(append(out, g.task), g.containers...)
	}
	return out
}

// rate is by how much a counter grew in a second; one that fell began anew.
func rate(before, now uint64, over float64) float64 {
	if now < before {
		before = 0
	}
	return float64(now-before) / over
}

func writeTop(out io.Writer, rows []topRow) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TASK\tSERVICE\tCONTAINER\tCPU\tCPU%\tMEMORY\tMEM%\tRX/s\tTX/s\tREAD/s\tWRITE/s\tDISK\tHEALTH")
	for _, r := range rows {
		disk := "-"
		if r.disk != nil {
			disk = byteText(float64(*r.disk))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%.0f\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.task, r.service, cmp.Or(r.container, "*"),
			r.cpu, shareText(r.cpu, r.ofCPU), byteText(r.memory*(1<<20)), shareText(r.memory, r.ofMemory),
			byteText(r.rx), byteText(r.tx), byteText(r.read), byteText(r.write), disk, cmp.Or(r.health, "-"))
	}
	_ = w.Flush() // of memory
	if len(rows) == 0 {
		fmt.Fprintln(out, "no task runs")
	}
}

func shareText(part, of float64) string {
	if of <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", 100*part/of)
}

// byteText is a number of bytes for people; a negative one is not known.
func byteText(n float64) string {
	switch {
	case n < 0:
		return "-"
	case n >= 1<<30:
		return fmt.Sprintf("%.1fGiB", n/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1fMiB", n/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1fKiB", n/(1<<10))
	}
	return fmt.Sprintf("%.0fB", n)
}

func usageNotes(ctx context.Context, c config.Config) (out []usageNote, err error) {
	resp, err := get(ctx, c, "/_hatoba/usage")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("what tasks use cannot be had: %s", resp.Status)
	}
	return out, json.NewDecoder(resp.Body).Decode(&out)
}
