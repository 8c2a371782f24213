//go:build !linux

package cli

import "github.com/spf13/cobra"

func trustCommand(*settings) *cobra.Command {
	return linuxOnly("trust", "Make ECR host names reach Hatoba")
}
