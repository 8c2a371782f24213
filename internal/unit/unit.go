// Package unit writes the systemd unit Hatoba is run by. It is made for one
// thing: whatever happens to the service, no container blinks.
package unit

import (
	"fmt"
	"slices"
	"strings"
)

// Name of the unit.
const Name = "hatoba.service"

// Service is what a unit runs.
type Service struct {
	Binary      string   // absolute path
	Args        []string // of the command up
	Environment []string // KEY=value, as HTTPS_PROXY=…
}

// Text is the unit file. systemd's words, and why each is there:
//
//   - KillMode=process: a stop or restart ends Hatoba alone. Shims and
//     containers are in cgroups of their own, outside of the unit's; this keeps
//     what is being started at that moment.
//   - Delegate=yes: systemd leaves the cgroups below the unit alone.
//   - No RuntimeDirectory: /run/hatoba has the namespaces of running tasks, and
//     systemd would remove it at every stop.
//   - No PrivateMounts, PrivateTmp, ProtectSystem or the like: each gives the
//     service a mount namespace, in which the tasks' mounts would be lost with
//     it.
//   - OOMScoreAdjust: the kernel looks elsewhere first. Containers do not
//     inherit it.
//   - StartLimitIntervalSec=0: it is started again as often as it takes.
//
// Source: https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html
func (s Service) Text() string {
	words := []string{quote(s.Binary), "up"}
	for _, arg := range s.Args {
		words = append(words, quote(arg))
	}
	var b strings.Builder
	b.WriteString(`# Written by "hatoba install"; "hatoba uninstall" removes it.
[Unit]
Description=Hatoba: Amazon ECS and Fargate on this machine
Wants=network-online.target
After=network-online.target local-fs.target firewalld.service ufw.service nftables.service
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart=` + strings.Join(words, " ") + `
`)
	environment := slices.Sorted(slices.Values(s.Environment))
	for _, e := range environment {
		fmt.Fprintf(&b, "Environment=%s\n", strings.ReplaceAll(quote(e), "$$", "$"))
	}
	b.WriteString(`Restart=always
RestartSec=1
KillMode=process
Delegate=yes
OOMScoreAdjust=-500
LimitNOFILE=1048576
LimitNPROC=infinity
TasksMax=infinity
TimeoutStartSec=180
TimeoutStopSec=30

[Install]
WantedBy=multi-user.target
`)
	return b.String()
}

// quote puts a word as it has to stand in ExecStart=: % and $ are doubled, and
// what is not plain is quoted.
func quote(word string) string {
	word = strings.NewReplacer("%", "%%", "$", "$$").Replace(word)
	if word != "" && strings.IndexFunc(word, needsQuotes) < 0 {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(word) + `"`
}

func needsQuotes(r rune) bool {
	plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,@%$+", r)
	return !plain
}
