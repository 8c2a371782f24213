// Package cost tells what a service costs on Fargate in a month: its tasks'
// vCPU, memory and ephemeral storage, and nothing else. Balancers, NAT, logs
// and transfer are other lines of the bill.
package cost

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/state"
)

// Hours of a month, as AWS's own calculator counts them.
const Hours = 730

// includedStorage is what every task has without a charge, GiB.
const includedStorage = 20

//go:embed prices.json
var builtIn []byte

// Prices is a dated price table.
type Prices struct {
	Date    string
	Source  string
	Regions map[string]struct {
		X86, ARM struct{ VCPU, GB Nano } // per hour
		Storage  Nano                    // per GiB and hour
	}
}

// Nano is a billionth of a dollar: prices are added up without rounding.
type Nano int64

// UnmarshalText reads "0.04048".
func (n *Nano) UnmarshalText(text []byte) error {
	whole, rest, _ := strings.Cut(string(text), ".")
	if len(rest) > 9 {
		return fmt.Errorf("%s: more than nine decimals", text)
	}
	v, err := strconv.ParseUint(whole+rest+strings.Repeat("0", 9-len(rest)), 10, 50)
	if err != nil {
		return fmt.Errorf("%s: a price is written as \"0.04048\"", text)
	}
	*n = Nano(v)
	return nil
}

// Dollars are whole cents, rounded half up.
func (n Nano) Dollars() string {
	cents := (int64(n) + 5_000_000) / 10_000_000
	return fmt.Sprintf("$%d.%02d", cents/100, cents%100)
}

// Read reads a price table; nil is the built-in one.
func Read(text []byte) (Prices, error) {
	if text == nil {
		text = builtIn
	}
	var p Prices
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("prices: %w", err)
	}
	if p.Date == "" || len(p.Regions) == 0 {
		return p, fmt.Errorf("prices: a table has a date and regions")
	}
	return p, nil
}

// Estimate is a month's cost.
type Estimate struct {
	Region, Arch        string
	Tasks               int
	CPU, Memory         int // units; MiB
	PerTask             Nano
	Compute, Mem, Store Nano // of all tasks
	Total               Nano
	Spot                bool // some tasks run on Spot, which costs less than is told
}

// Of estimates a service; one task is assumed where no service is known.
func Of(td *review.TaskDef, service *review.ServiceDef, region string, p Prices) (Estimate, error) {
	e := Estimate{Region: region, Arch: "x86", Tasks: 1}
	if region == "" {
		return e, errors.New("no region is known: give one with --region")
	}
	prices, ok := p.Regions[region]
	if !ok {
		return e, fmt.Errorf("the price table of %s has no region %q: give one with --prices", p.Date, region)
	}
	var err error
	if e.CPU, e.Memory, err = size(td); err != nil {
		return e, err
	}
	rate := prices.X86
	if td.RuntimePlatform != nil && td.RuntimePlatform.CpuArchitecture == types.CPUArchitectureArm64 {
		e.Arch, rate = "arm", prices.ARM
	}
	if td.RuntimePlatform != nil && strings.HasPrefix(string(td.RuntimePlatform.OperatingSystemFamily), "WINDOWS") {
		return e, fmt.Errorf("the price table is of Linux")
	}
	if service != nil && service.Doc.Get("desiredCount") != nil { // also a service that is scaled to nothing
		e.Tasks = int(service.DesiredCount)
	}
	if service != nil {
		for _, c := range service.CapacityProviderStrategy {
			e.Spot = e.Spot || aws.ToString(c.CapacityProvider) == "FARGATE_SPOT"
		}
	}
	if e.Tasks < 0 || e.Tasks > 10_000 {
		return e, fmt.Errorf("%d tasks: no service has that many", e.Tasks)
	}
	extra := 0
	if td.EphemeralStorage != nil {
		extra = max(0, int(td.EphemeralStorage.SizeInGiB)-includedStorage)
	}
	cpu, memory, store := rate.VCPU*Nano(e.CPU)*Hours/1024, rate.GB*Nano(e.Memory)*Hours/1024, prices.Storage*Nano(extra)*Hours
	n := Nano(e.Tasks)
	e.Compute, e.Mem, e.Store = n*cpu, n*memory, n*store
	e.PerTask = cpu + memory + store
	e.Total = n * e.PerTask
	return e, nil
}

// size reads the task's size, in units and MiB.
func size(td *review.TaskDef) (cpu, memory int, err error) {
	read := func(what string, text *string, parse func(string) (int64, bool)) int {
		n, ok := parse(aws.ToString(text))
		switch {
		case aws.ToString(text) == "":
			err = fmt.Errorf("the task definition has no task-level %s, so it has no price on Fargate", what)
		case !ok:
			err = fmt.Errorf("task-level %s %q is no size", what, *text)
		}
		return int(n)
	}
	memory = read("memory", td.Memory, state.ParseMemory)
	cpu = read("cpu", td.Cpu, state.ParseCPU)
	return cpu, memory, err
}

// Note tells an estimate in the report.
func (e Estimate) Note(p Prices) review.Note {
	lines := []review.Text{
		review.Say("%s a month: %d task(s) of %d CPU units and %d MiB, %s, %s", "月額 %s: %d タスク、CPU %d ユニット、メモリ %d MiB、%s、%s",
			e.Total.Dollars(), e.Tasks, e.CPU, e.Memory, e.Arch, e.Region),
		review.Say("vCPU %s, memory %s, storage %s; %s for each task", "vCPU %s、メモリ %s、ストレージ %s、1 タスクあたり %s",
			e.Compute.Dollars(), e.Mem.Dollars(), e.Store.Dollars(), e.PerTask.Dollars()),
		review.Say("list prices of %s, %d hours; balancers, NAT, logs and transfer come on top", "%s の定価、%d 時間。ロードバランサー、NAT、ログ、転送料は別", p.Date, Hours),
	}
	if e.Spot {
		lines = append(lines, review.Say("tasks on FARGATE_SPOT cost less; its price changes and is not estimated", "FARGATE_SPOT のタスクはこれより安い(価格は変動するため見積もらない)"))
	}
	return review.Note{Title: review.Say("What it costs on Fargate", "Fargate での費用"), Lines: lines}
}
