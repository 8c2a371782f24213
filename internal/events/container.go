package events

import (
	"strconv"

	"github.com/hatoba/hatoba/internal/state"
)

type (
	container struct {
		ContainerARN      string             `json:"containerArn"`
		ExitCode          *int32             `json:"exitCode,omitempty"`
		LastStatus        string             `json:"lastStatus"`
		Name              string             `json:"name"`
		Image             string             `json:"image"`
		ImageDigest       string             `json:"imageDigest,omitempty"`
		Reason            string             `json:"reason,omitempty"`
		RuntimeID         string             `json:"runtimeId,omitempty"`
		TaskARN           string             `json:"taskArn"`
		NetworkBindings   []binding          `json:"networkBindings,omitempty"`
		NetworkInterfaces []networkInterface `json:"networkInterfaces"`
		CPU               string             `json:"cpu"`
		Memory            string             `json:"memory,omitempty"`
		MemoryReservation string             `json:"memoryReservation,omitempty"`
	}
	networkInterface struct {
		AttachmentID string `json:"attachmentId"`
		PrivateIPv4  string `json:"privateIpv4Address"`
	}
	binding struct {
		BindIP             string `json:"bindIP,omitempty"`
		ContainerPort      int32  `json:"containerPort,omitempty"`
		HostPort           int32  `json:"hostPort,omitempty"`
		ContainerPortRange string `json:"containerPortRange,omitempty"`
		HostPortRange      string `json:"hostPortRange,omitempty"`
		Protocol           string `json:"protocol"`
	}
)

// containers are in the order of the definition.
func containers(t state.Task, def state.TaskDefinition) []container {
	out := []container{}
	for _, plan := range state.Effective(t, def) {
		c := container{
			ContainerARN: t.Spec.ContainerARNs[plan.Name], TaskARN: t.ARN, Name: plan.Name, Image: plan.Image, CPU: strconv.FormatInt(plan.CPU, 10),
			LastStatus: state.ContainerPending.String(), NetworkInterfaces: []networkInterface{},
		}
		if plan.MemoryMiB > 0 {
			c.Memory = strconv.FormatInt(plan.MemoryMiB, 10)
		}
		if plan.ReservationMiB > 0 {
			c.MemoryReservation = strconv.FormatInt(plan.ReservationMiB, 10)
		}
		if ip := t.Observed.ENI.PrivateIPv4; ip != "" {
			c.NetworkInterfaces = append(c.NetworkInterfaces, networkInterface{t.Spec.AttachmentID, ip})
		}
		for _, o := range t.Observed.Containers {
			if o.Name == plan.Name {
				c.observe(o)
			}
		}
		out = append(out, c)
	}
	return out
}

func (c *container) observe(o state.ContainerObserved) {
	if o.Status != 0 {
		c.LastStatus = o.Status.String()
	}
	c.RuntimeID, c.ImageDigest, c.Reason, c.ExitCode = o.RuntimeID, o.ImageDigest, o.Reason, o.ExitCode
	for _, b := range o.NetworkBindings {
		c.NetworkBindings = append(c.NetworkBindings, binding{
			BindIP: b.BindIP, ContainerPort: b.ContainerPort, HostPort: b.HostPort,
			ContainerPortRange: b.ContainerPortRange, HostPortRange: b.HostPortRange, Protocol: b.Protocol,
		})
	}
}
