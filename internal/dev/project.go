package dev

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"go.yaml.in/yaml/v3"

	"github.com/hatoba/hatoba/internal/review/read"
)

// Names that files have in a folder: ours and ecspresso's.
var (
	ecspressoNames = []string{"ecspresso.yml", "ecspresso.yaml", "ecspresso.json"}
	taskDefNames   = []string{"taskdef.json", "taskdef.jsonnet", "ecs-task-def.json", "ecs-task-def.jsonnet"}
	serviceNames   = []string{"service.json", "service.jsonnet", "ecs-service-def.json", "ecs-service-def.jsonnet"}
)

// Project is what a folder says, before any override.
type Project struct {
	Dir      string
	Settings Settings
	Cluster  string // "": the default one
	Service  *ecs.CreateServiceInput
	TaskDef  *ecs.RegisterTaskDefinitionInput
	Network  *ecstypes.NetworkConfiguration // of a task: the service's, or network.json's
	Files    []string                       // that were read, to be watched
	Notes    []string                       // what of the files has no meaning here

	program string // the Go program that was found before, "" to look for it
}

// Load reads a folder. lookup is the environment that templates see; ask
// answers what they want of the account, and may be nil.
func Load(ctx context.Context, dir string, flags Settings, lookup func(string) (string, bool), ask func(string, ...string) (string, error)) (*Project, error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder: name the one with the task definition", dir)
	}
	own, err := ReadSettings(dir)
	if err != nil {
		return nil, err
	}
	p := &Project{Dir: dir, Settings: own.With(flags), Files: []string{filepath.Join(dir, SettingsName)}}
	p.Cluster = p.Settings.Cluster
	values := read.Values{Vars: p.Settings.Vars, Lookup: lookup, Ask: ask}
	if p.Settings.TFState != "" {
		values.TFState = p.at(p.Settings.TFState)
	}
	taskDef, service := p.Settings.TaskDefinition, p.Settings.ServiceDefinition
	var name string
	if file := p.first(ecspressoNames); file != "" {
		c, err := p.ecspresso(file, &values)
		if err != nil {
			return nil, err
		}
		name = c.Service
		if p.Cluster == "" {
			p.Cluster = c.Cluster
		}
		if taskDef == "" {
			taskDef = c.TaskDefinition
		}
		if service == "" {
			service = c.ServiceDefinition
		}
	}
	if err := p.readTaskDef(ctx, taskDef, values); err != nil {
		return nil, err
	}
	if err := p.readService(ctx, service, name, values); err != nil {
		return nil, err
	}
	return p, p.readNetwork()
}

func (p *Project) at(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(p.Dir, file)
}

func (p *Project) first(names []string) string {
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(p.Dir, name)); err == nil && !info.IsDir() {
			return name
		}
	}
	return ""
}

// ecspressoConfig is what is read of ecspresso.yml.
//
// Source: https://github.com/kayac/ecspresso#configuration-file
type ecspressoConfig struct {
	Region            string `yaml:"region"`
	Cluster           string `yaml:"cluster"`
	Service           string `yaml:"service"`
	ServiceDefinition string `yaml:"service_definition"`
	TaskDefinition    string `yaml:"task_definition"`
	Plugins           []struct {
		Name   string         `yaml:"name"`
		Prefix string         `yaml:"func_prefix"`
		Config map[string]any `yaml:"config"`
	} `yaml:"plugins"`
	CodeDeploy map[string]any `yaml:"codedeploy"`
}

func (p *Project) ecspresso(name string, values *read.Values) (c ecspressoConfig, err error) {
	file := p.at(name)
	p.Files = append(p.Files, file)
	text, err := os.ReadFile(file)
	if err != nil {
		return c, err
	}
	if text, err = read.Fill(file, text, *values); err != nil {
		return c, err
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	if c.CodeDeploy != nil {
		return c, fmt.Errorf("%s: codedeploy is not supported; the service's own deployments are", file)
	}
	for _, plugin := range c.Plugins {
		path, _ := plugin.Config["path"].(string)
		if plugin.Name != "tfstate" || path == "" || plugin.Prefix != "" {
			p.Notes = append(p.Notes, fmt.Sprintf("%s: plugin %s is not used: only tfstate with a path, and without func_prefix, is", name, plugin.Name))
			continue
		}
		if values.TFState == "" {
			values.TFState = p.at(path)
			p.Files = append(p.Files, values.TFState)
		}
	}
	return c, nil
}

func (p *Project) readTaskDef(ctx context.Context, name string, values read.Values) error {
	if name == "" {
		if name = p.first(taskDefNames); name == "" {
			return fmt.Errorf("%s: no task definition in it; one of %s is asked for, or an ecspresso.yml", p.Dir, strings.Join(taskDefNames, ", "))
		}
	}
	file := p.at(name)
	p.Files = append(p.Files, file)
	text, err := read.Definition(ctx, file, values)
	if err != nil {
		return err
	}
	p.TaskDef = &ecs.RegisterTaskDefinitionInput{}
	return decode(file, text, "taskDefinition", described.taskDef, p.TaskDef)
}

func (p *Project) readService(ctx context.Context, file, name string, values read.Values) error {
	if p.Settings.Task {
		return nil
	}
	if file == "" {
		if file = p.first(serviceNames); file == "" {
			return nil
		}
	}
	file = p.at(file)
	p.Files = append(p.Files, file)
	text, err := read.Definition(ctx, file, values)
	if err != nil {
		return err
	}
	p.Service = &ecs.CreateServiceInput{}
	if err := decode(file, text, "service", described.service, p.Service); err != nil {
		return err
	}
	if name != "" {
		p.Service.ServiceName = &name
	}
	if p.Service.ServiceName == nil {
		p.Service.ServiceName = p.TaskDef.Family
	}
	if p.Service.Cluster != nil && p.Cluster == "" {
		p.Cluster = *p.Service.Cluster
	}
	if p.Service.DesiredCount == nil && p.Service.SchedulingStrategy != ecstypes.SchedulingStrategyDaemon {
		p.Service.DesiredCount = aws.Int32(1)
	}
	if b := p.Settings.Balancers; b != nil && !*b {
		p.Service.LoadBalancers, p.Service.HealthCheckGracePeriodSeconds = nil, nil
	}
	return nil
}

// readNetwork finds where a task is to be.
func (p *Project) readNetwork() error {
	switch file := filepath.Join(p.Dir, "network.json"); {
	case p.Service != nil:
		p.Network = p.Service.NetworkConfiguration
	case len(p.Settings.Subnets) > 0:
		p.Network = &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{
			Subnets: p.Settings.Subnets, SecurityGroups: p.Settings.SecurityGroups,
		}}
	default:
		text, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			return nil
		} else if err != nil {
			return err
		}
		p.Files = append(p.Files, file)
		p.Network = &ecstypes.NetworkConfiguration{}
		if err := json.Unmarshal(text, p.Network); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// timeout bounds how long one deployment is waited for.
const timeout = 20 * time.Minute
