package cli

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/config"
)

func debugCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "debug", Short: "Help with finding out what is wrong"}
	cmd.AddCommand(debugDumpCommand(s))
	return cmd
}

func debugDumpCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "dump [FILE]",
		Short: "Write configuration, health and tasks into one archive; it holds no secrets",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			values, err := s.values()
			if err != nil {
				return err
			}
			c, err := values.Check()
			if err != nil {
				return err
			}
			file := "hatoba-debug.tar.gz"
			if len(args) == 1 {
				file = args[0]
			}
			if err := dump(cmd, c, values, file); err != nil {
				return explain(c, err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), file)
			return nil
		},
	}
}

// dump gathers what can be shown to others: the API's own answers, which hold
// references to secrets and no values.
func dump(cmd *cobra.Command, c config.Config, values config.Values, file string) error {
	health, err := fetch(cmd.Context(), c, "health")
	if err != nil {
		return err
	}
	heap, err := fetch(cmd.Context(), c, "profile/heap")
	if err != nil {
		return err
	}
	goroutines, err := fetch(cmd.Context(), c, "profile/goroutine")
	if err != nil {
		return err
	}
	tasks, err := listTasks(cmd.Context(), ecs.NewFromConfig(sdk(c)), true)
	if err != nil {
		return err
	}
	for i := range tasks {
		tasks[i].Overrides = nil // an override's variables may hold what is nobody's business
	}
	out, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	z := gzip.NewWriter(out)
	w := tar.NewWriter(z)
	add := func(name string, v any) error {
		b, ok := v.([]byte)
		if !ok {
			if b, err = json.MarshalIndent(v, "", "  "); err != nil {
				return err
			}
		}
		if err := w.WriteHeader(&tar.Header{Name: "hatoba-debug/" + name, Mode: 0o600, Size: int64(len(b)), ModTime: time.Now()}); err != nil {
			return err
		}
		_, err := w.Write(b)
		return err
	}
	for _, part := range []struct {
		name string
		v    any
	}{
		{"version.json", map[string]string{"hatoba": version(), "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH}},
		{"config.json", values}, {"health.json", health}, {"tasks.json", tasks},
		{"heap.pprof", heap}, {"goroutine.pprof", goroutines},
	} {
		if err := add(part.name, part.v); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return z.Close()
}

// fetch reads one of Hatoba's own pages, whatever its status.
func fetch(ctx context.Context, c config.Config, page string) ([]byte, error) {
	resp, err := get(ctx, c, "/_hatoba/"+page)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(io.LimitReader(resp.Body, 16<<20))
}
