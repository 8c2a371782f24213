package ec2

import (
	"maps"
	"slices"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// tagged is something that has tags, with how they are changed.
type tagged struct {
	kind string // as in DescribeTags
	tags map[string]string
	put  func(w store.Writer, tags map[string]string) error
}

// keep makes a tagged of a record.
func keep[T any](c *call, kind string, k resource[T], id string, record T, of func(*T) *map[string]string) tagged {
	return tagged{kind: kind, tags: *of(&record), put: func(w store.Writer, tags map[string]string) error {
		*of(&record) = tags
		return k.table.Put(w, c.scope.Key(id), record)
	}}
}

// tagging finds what an id names.
func (c *call) tagging(r store.Reader, id string) (tagged, error) {
	switch kindOf(id) {
	case "vpc":
		return tag(c, r, "vpc", vpcs, id, func(v *vpcRecord) *map[string]string { return &v.Tags })
	case "subnet":
		return tag(c, r, "subnet", subnets, id, func(v *subnetRecord) *map[string]string { return &v.Tags })
	case "sg":
		return tag(c, r, "security-group", groups, id, func(v *groupRecord) *map[string]string { return &v.Tags })
	case "rtb":
		return tag(c, r, "route-table", tables, id, func(v *tableRecord) *map[string]string { return &v.Tags })
	case "igw":
		return tag(c, r, "internet-gateway", gateways, id, func(v *gatewayRecord) *map[string]string { return &v.Tags })
	case "nat":
		return tag(c, r, "natgateway", nats, id, func(v *natRecord) *map[string]string { return &v.Tags })
	case "eipalloc":
		return tag(c, r, "elastic-ip", addresses, id, func(v *addressRecord) *map[string]string { return &v.Tags })
	case "eni":
		return tag(c, r, "network-interface", interfaces, id, func(v *interfaceRecord) *map[string]string { return &v.Tags })
	case "sgr":
		return c.tagRule(r, id)
	}
	return tagged{}, wire.Errorf("InvalidID", "The ID '%s' is not valid: Hatoba has no tags for its kind", id)
}

func tag[T any](c *call, r store.Reader, kind string, k resource[T], id string, of func(*T) *map[string]string) (tagged, error) {
	record, err := k.get(c, r, "resourceId", id)
	return keep(c, kind, k, id, record, of), err
}

func (c *call) tagRule(r store.Reader, id string) (tagged, error) {
	for _, g := range groups.all(c, r, nil) {
		c.rule(&g)
		i := slices.IndexFunc(g.Rules, func(rule ruleRecord) bool { return rule.ID == id })
		if i >= 0 {
			return keep(c, "security-group-rule", groups, g.ID, g, func(g *groupRecord) *map[string]string { return &g.Rules[i].Tags }), nil
		}
	}
	return tagged{}, ruleNotFound(id)
}

// CreateTagsInput is the SDK's.
type CreateTagsInput struct {
	Resources []string `ec2:"ResourceId"`
	Tags      []Tag    `ec2:"Tag"`
	DryRun    bool
}

// CreateTagsOutput is the SDK's.
type CreateTagsOutput struct{}

// createTags adds tags to all the resources, or to none.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html
func createTags(c *call, in *CreateTagsInput) (*CreateTagsOutput, error) {
	switch {
	case len(in.Resources) == 0:
		return nil, missingParameter("resourceIdSet")
	case len(in.Tags) == 0:
		return nil, missingParameter("tagSet")
	}
	return &CreateTagsOutput{}, c.update(func(w store.Writer) error {
		for _, id := range in.Resources {
			t, err := c.tagging(w, id)
			if err != nil {
				return err
			}
			next := maps.Clone(t.tags)
			if next == nil {
				next = map[string]string{}
			}
			if err := mergeTags(next, in.Tags); err != nil {
				return err
			}
			if err := t.put(w, next); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeletedTag is a tag to be deleted: whatever its value, unless one is given.
type DeletedTag struct {
	Key   string
	Value *string
}

// DeleteTagsInput is the SDK's.
type DeleteTagsInput struct {
	Resources []string     `ec2:"resourceId"`
	Tags      []DeletedTag `ec2:"tag"`
	DryRun    bool
}

// DeleteTagsOutput is the SDK's.
type DeleteTagsOutput struct{}

// deleteTags takes tags away: those named, only if the value is the one that
// is given, or all when none is named. What is not there is no error.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html
func deleteTags(c *call, in *DeleteTagsInput) (*DeleteTagsOutput, error) {
	if len(in.Resources) == 0 {
		return nil, missingParameter("resourceIdSet")
	}
	return &DeleteTagsOutput{}, c.update(func(w store.Writer) error {
		for _, id := range in.Resources {
			t, err := c.tagging(w, id)
			if err != nil {
				return err
			}
			next := map[string]string{}
			for key, value := range t.tags {
				goes := len(in.Tags) == 0 || slices.ContainsFunc(in.Tags, func(d DeletedTag) bool {
					return d.Key == key && (d.Value == nil || *d.Value == value)
				})
				if !goes {
					next[key] = value
				}
			}
			if err := t.put(w, next); err != nil {
				return err
			}
		}
		return nil
	})
}

// TagDescription is a tag with what it is on.
type TagDescription struct {
	Key          string
	ResourceId   string
	ResourceType string
	Value        string
}

// DescribeTagsInput is the SDK's.
type DescribeTagsInput struct {
	Filters    []Filter `ec2:"Filter"`
	NextToken  string
	MaxResults *int32
	DryRun     bool
}

// DescribeTagsOutput is the SDK's.
type DescribeTagsOutput struct {
	Tags      []TagDescription `ec2:"tagSet"`
	NextToken string
}

func describeTags(c *call, in *DescribeTagsInput) (*DescribeTagsOutput, error) {
	var all []TagDescription
	err := c.view(func(r store.Reader) error {
		all = c.allTags(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	l := listing[TagDescription]{
		name: "DescribeTags", least: 5, id: func(t TagDescription) string { return t.ResourceId + " " + t.Key },
		tags: func(t TagDescription) []Tag { return []Tag{{t.Key, t.Value}} },
		filters: map[string]func(TagDescription) []string{
			"key":           one(func(t TagDescription) string { return t.Key }),
			"resource-id":   one(func(t TagDescription) string { return t.ResourceId }),
			"resource-type": one(func(t TagDescription) string { return t.ResourceType }),
			"value":         one(func(t TagDescription) string { return t.Value }),
		},
	}
	out := &DescribeTagsOutput{}
	out.Tags, out.NextToken, err = l.page(all, wanted{filters: in.Filters, max: in.MaxResults, token: in.NextToken})
	return out, err
}

// allTags are the tags of everything in the scope.
func (c *call) allTags(r store.Reader) (out []TagDescription) {
	add := func(kind, id string, tags map[string]string) {
		for key, value := range tags {
			out = append(out, TagDescription{Key: key, ResourceId: id, ResourceType: kind, Value: value})
		}
	}
	for _, v := range vpcs.all(c, r, nil) {
		add("vpc", v.ID, v.Tags)
	}
	for _, v := range subnets.all(c, r, nil) {
		add("subnet", v.ID, v.Tags)
	}
	for _, v := range groups.all(c, r, nil) {
		add("security-group", v.ID, v.Tags)
		for _, rule := range v.Rules {
			add("security-group-rule", rule.ID, rule.Tags)
		}
	}
	for _, v := range tables.all(c, r, nil) {
		add("route-table", v.ID, v.Tags)
	}
	for _, v := range gateways.all(c, r, nil) {
		add("internet-gateway", v.ID, v.Tags)
	}
	for _, v := range nats.all(c, r, nil) {
		add("natgateway", v.ID, v.Tags)
	}
	for _, v := range addresses.all(c, r, nil) {
		add("elastic-ip", v.ID, v.Tags)
	}
	for _, v := range interfaces.all(c, r, nil) {
		add("network-interface", v.ID, v.Tags)
	}
	return out
}
