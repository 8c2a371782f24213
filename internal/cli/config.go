package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/config"
)

func configCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print the effective configuration and where each setting came from",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			values, err := s.values()
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "SETTING\tVALUE\tFROM\tVARIABLE")
			for _, setting := range config.Settings() {
				v := values[setting.Name]
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", setting.Name, v.Text, v.Origin, setting.Env())
			}
			if err := w.Flush(); err != nil {
				return err
			}
			_, err = values.Check()
			return err
		},
	}
}
