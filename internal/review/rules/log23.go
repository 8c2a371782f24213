package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
)

var log23 = review.Rule{
	ID:       "LOG-23",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Medium,
	Sources:  []string{"S2-Log"},
	Title: review.Text{
		EN: "Log files in a volume have a container that ships them",
		JA: "ボリューム上のログファイルには転送するコンテナがある",
	},
	Why: review.Text{
		EN: "A log folder that nobody else reads fills the task's disk and is gone with the task.",
		JA: "他に誰も読まないログフォルダーは、タスクのディスクを埋め、タスクとともに消えます。",
	},
	Todo: review.Text{
		EN: "Write to standard output; where the application cannot, mount the same volume into a log sidecar that ships the files.",
		JA: "標準出力に書いてください。できないアプリケーションなら、同じボリュームをログ転送用のサイドカーにもマウントしてください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: log23Volumes}},
}

// logFolder matches where log files are kept.
var logFolder = regexp.MustCompile(`(?i)(^/var/log(/|$)|/logs?/?$)`)

func log23Volumes(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	readers, kept := map[string]map[int]bool{}, map[string]bool{}
	for i, c := range td.ContainerDefinitions {
		for _, m := range c.MountPoints {
			if readers[str(m.SourceVolume)] == nil {
				readers[str(m.SourceVolume)] = map[int]bool{}
			}
			readers[str(m.SourceVolume)][i] = true
		}
	}
	for _, v := range td.Volumes { // what outlives the task is read from elsewhere
		kept[str(v.Name)] = v.EfsVolumeConfiguration != nil || v.FsxWindowsFileServerVolumeConfiguration != nil ||
			v.DockerVolumeConfiguration != nil || v.Host != nil && str(v.Host.SourcePath) != ""
	}
	for i, c := range td.ContainerDefinitions {
		for j, m := range c.MountPoints {
			if !logFolder.MatchString(str(m.ContainerPath)) || logRouter(c) || m.ReadOnly != nil && *m.ReadOnly {
				continue
			}
			at := td.At("containerDefinitions", i, "mountPoints", j)
			switch {
			case len(readers[str(m.SourceVolume)]) > 1:
				out = append(out, review.Passed(at, "container %s: %s is shared with another container", "コンテナ %s: %s は別のコンテナと共有されている", str(c.Name), str(m.ContainerPath)))
			case kept[str(m.SourceVolume)]:
				out = append(out, review.Passed(at, "container %s: %s lies outside the task", "コンテナ %s: %s はタスクの外にある", str(c.Name), str(m.ContainerPath)))
			default:
				out = append(out, review.Failed(at, "container %s: %s is a volume of this container alone", "コンテナ %s: %s はこのコンテナだけのボリューム", str(c.Name), str(m.ContainerPath)))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container mounts a log folder", "ログフォルダーをマウントするコンテナはない"))
	}
	return out
}
