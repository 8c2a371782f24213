package rules

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var img17 = review.Rule{
	ID:       "IMG-17",
	Pillar:   review.Security,
	Severity: review.Medium,
	Sources:  []string{"S0:20"},
	Title: review.Text{
		EN: "No privileges the service does not need",
		JA: "サービスに不要な権限を与えない",
	},
	Why: review.Text{
		EN: "privileged, added capabilities, sudo and setuid programs are the steps by which someone inside the process becomes root, and then leaves the container.",
		JA: "privileged、追加の capability、sudo、setuid のプログラムは、プロセスに入り込んだ者が root になり、コンテナの外へ出るための足場です。",
	},
	Todo: review.Text{
		EN: "Remove privileged and the added capabilities, do not install sudo, and take the setuid bit off: RUN chmod u-s FILE.",
		JA: "privileged と追加の capability を外し、sudo は入れず、RUN chmod u-s FILE で setuid を外してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: img17TaskDef},
		{Needs: []review.Part{review.PartImage}, Run: img17Image},
		proven("IMG-17"),
	},
}

// usual are the capabilities a container has anyway: adding them adds nothing.
var usual = []string{"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"}

// stock are setuid and setgid programs that Debian's, Alpine's and Red Hat's
// bases bring. They ask for a password nobody has set; only what comes on top
// of them is a choice of the image's author.
var stock = []string{"su", "mount", "umount", "passwd", "chsh", "chfn", "chage", "expiry", "newgrp", "gpasswd", "unix_chkpwd", "pam_timestamp_check",
	"bbsuid", "utempter", "userhelper", "write", "wall", "newuidmap", "newgidmap", "dbus-daemon-launch-helper", "ssh-agent", "ssh-keysign"}

func img17TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		bad := len(out)
		if c.Privileged != nil && *c.Privileged {
			out = append(out, review.Failed(td.At("containerDefinitions", i, "privileged"), "container %s is privileged", "コンテナ %s は privileged", str(c.Name)))
		}
		if c.LinuxParameters != nil && c.LinuxParameters.Capabilities != nil {
			for j, add := range c.LinuxParameters.Capabilities.Add {
				if !slices.Contains(usual, strings.TrimPrefix(add, "CAP_")) {
					out = append(out, review.Failed(td.At("containerDefinitions", i, "linuxParameters", "capabilities", "add", j),
						"container %s adds the capability %s", "コンテナ %s は capability %s を追加している", str(c.Name), add))
				}
			}
		}
		if len(out) == bad {
			out = append(out, review.Passed(td.At("containerDefinitions", i), "container %s: not privileged, no capability beyond the usual ones", "コンテナ %s: privileged でなく、標準以外の capability もない", str(c.Name)))
		}
	}
	return out
}

func img17Image(s *review.Subject) (out []review.Outcome) {
	i := s.Image.Value
	var known []string
	for _, f := range i.Visible() {
		base := path.Base(f.Path)
		switch {
		case !f.Mode.IsRegular() || f.Mode&0o111 == 0:
		case base == "sudo" || base == "doas":
			out = append(out, review.Failed(i.At(), "/%s is in the image", "イメージに /%s がある", f.Path))
		case f.Mode&(fs.ModeSetuid|fs.ModeSetgid) == 0:
		case slices.Contains(stock, base):
			known = append(known, base)
		case f.Mode&fs.ModeSetuid != 0:
			out = append(out, review.Failed(i.At(), "/%s is setuid, owner %d", "/%s は setuid(所有者 %d)", f.Path, f.UID))
		default:
			out = append(out, review.Failed(i.At(), "/%s is setgid, group %d", "/%s は setgid(グループ %d)", f.Path, f.GID))
		}
	}
	switch {
	case len(out) > 0:
	case len(known) > 0:
		out = append(out, review.Passed(i.At(), "no sudo; setuid and setgid only on the distribution's own %s", "sudo はない。setuid・setgid はディストリビューション標準の %s だけ", some(known)))
	default:
		out = append(out, review.Passed(i.At(), "no sudo, no setuid or setgid file", "sudo も setuid・setgid のファイルもない"))
	}
	return out
}
