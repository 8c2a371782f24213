package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/app"
)

func backupCommand(s *settings) *cobra.Command {
	o := app.BackupOptions{Version: version()}
	cmd := &cobra.Command{
		Use:   "backup FILE|-",
		Short: "Write a backup of a running Hatoba: all records, logs, metrics, images and objects as they stand",
		Long: `Write a backup of a running Hatoba to a file, or to standard output.

All that was acknowledged before is in it. Tasks go on; what runs in them is not
part of a backup. Without --with-keys secrets and objects in it cannot be read
without keys/master.key of the data directory: keep that one elsewhere.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			if o.Keys {
				fmt.Fprintln(cmd.ErrOrStderr(), "hatoba: the backup holds the master key: who has it can read every secret in it")
			}
			if args[0] == "-" {
				return app.Backup(cmd.Context(), c.DataDir, o, cmd.OutOrStdout())
			}
			size, err := atomically(args[0], func(w io.Writer) error { return app.Backup(cmd.Context(), c.DataDir, o, w) })
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "wrote %s (%.1f MiB)\n", args[0], float64(size)/(1<<20))
			return nil
		},
	}
	cmd.Flags().BoolVar(&o.Keys, "with-keys", false, "with the master key, the certificate authority and the root user's access key")
	cmd.Flags().BoolVar(&o.Logs, "logs", true, "with the logs")
	cmd.Flags().BoolVar(&o.Metrics, "metrics", true, "with the metrics")
	cmd.Flags().BoolVar(&o.Images, "images", true, "with the images pushed to the registry")
	cmd.Flags().BoolVar(&o.Objects, "objects", true, "with S3's objects")
	return cmd
}

// atomically writes a file that is there whole or not at all.
func atomically(path string, write func(io.Writer) error) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".hatoba-backup-*")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err = write(f); err == nil {
		size, err = f.Seek(0, io.SeekEnd)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	return size, os.Rename(f.Name(), path)
}

func restoreCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE|- --data-dir NEW",
		Short: "Make a new data directory of a backup",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			in := cmd.InOrStdin()
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			done, err := app.Restore(cmd.Context(), in, c.DataDir, logger(cmd, c))
			if err != nil {
				return fmt.Errorf("nothing was restored: %w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "restored the backup of %s into %s: %d records; %d tasks ran then and are STOPPED\n",
				done.Manifest.Created.Format("2006-01-02 15:04:05 MST"), c.DataDir, done.Records, done.Stopped)
			if !done.Manifest.Keys {
				fmt.Fprintf(cmd.OutOrStdout(), "It has no keys: put the master.key of the data directory it was made of at %s (mode 0600) before `hatoba up`\n", filepath.Join(c.DataDir, "keys", "master.key"))
			}
			return nil
		},
	}
}
