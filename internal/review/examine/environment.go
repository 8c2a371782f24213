package examine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// The names that definitions have in a folder: ours, and ecspresso's own.
var (
	taskDefNames = []string{"taskdef.json", "taskdef.jsonnet", "ecs-task-def.json", "ecs-task-def.jsonnet"}
	serviceNames = []string{"service.json", "service.jsonnet", "ecs-service-def.json", "ecs-service-def.jsonnet"}
)

// Environment reads one side of a comparison: a task definition file, a folder
// with definitions, FAMILY[:REVISION], or CLUSTER/SERVICE in an account.
func Environment(ctx context.Context, name string, req Request) (*review.Subject, error) {
	req.TaskDef, req.ServiceDef, req.Account.Service, req.Account.Cluster = "", "", "", ""
	account := req.Account
	if info, err := os.Stat(name); err == nil {
		req.Account = Account{} // files on disk ask no account
		req.TaskDef = name
		if info.IsDir() {
			if req.TaskDef = first(name, taskDefNames); req.TaskDef == "" {
				return nil, fmt.Errorf("%s: no task definition in it; one of %s is asked for", name, strings.Join(taskDefNames, ", "))
			}
			req.ServiceDef = first(name, serviceNames)
		}
	} else if cluster, service, ok := strings.Cut(name, "/"); ok && !IsFile(name) {
		req.Account.Cluster, req.Account.Service = cluster, service
	} else {
		req.TaskDef, req.Account = name, account
	}
	s, _, _, err := gather(ctx, req)
	return s, err
}

func first(dir string, names []string) string {
	for _, name := range names {
		if file := filepath.Join(dir, name); exists(file) {
			return file
		}
	}
	return ""
}
