package cli

import (
	"github.com/spf13/cobra"
)

func simulateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Try in virtual time what nobody should learn in production",
	}
	cmd.AddCommand(simulatePlacementCommand(), simulateScalingCommand())
	return cmd
}
