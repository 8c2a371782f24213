// Package config gathers flags, HATOBA_* variables, a file and defaults into
// one checked value, and remembers where each setting came from.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hatoba/hatoba/internal/disk"
)

// Config is the effective configuration, checked.
type Config struct {
	DataDir         string
	Listen          string   // host:port of the front listener
	DNS             string   // host:port of the host's resolver; "": none
	Auth            string   // none or sigv4
	TLS             bool     // the front listener speaks TLS
	TLSCert, TLSKey string   // a certificate from elsewhere, PEM files; "": our own only
	TLSNames        []string // further names our own certificates are for
	TLSCA           string   // PEM file clients trust; "": our own authority
	Region          string
	AccountID       string // 12 digits
	LogLevel        string // debug, info, warn or error
	LogFormat       string // text or json
	StrictNetwork   bool   // refuse subnet and security-group ids nobody made
	DenyPrivileged  bool   // refuse tasks that could take the machine
	StopTasksOnExit bool
	Measure         bool   // what tasks and load balancers use
	VPCCIDR         string // "" : chosen at first start, then kept in the data dir
	Runtime         string // OCI runtime, a name on PATH or a path

	RegistryMirrors []string     // HOST=URL
	RegistryCAs     []string     // HOST=FILE
	EFS             []string     // ID=FOLDER
	Ingress         []netip.Addr // of this machine, where internet-facing load balancers are reached
	DockerConfig    string       // folder or config.json with registry logins; "" : none
	ImageGCHigh     disk.Mark
	ImageGCLow      disk.Mark
	DiskFloor       int64               // bytes of the disk below which no task is started
	Forward         []string            // SERVICE=URL or SERVICE=aws
	Chats           map[string][]string // prefixes of URLs that are webhooks, by chat
	ECRUpstream     string              // AWS profile that is asked for what the registry lacks; "" : none
}

// Origin tells where a setting's value came from.
type Origin string

// The origins, weakest first.
const (
	FromDefault Origin = "default"
	FromFile    Origin = "file"
	FromEnv     Origin = "environment"
	FromFlag    Origin = "flag"
)

// Setting is one named setting.
type Setting struct {
	Name    string // of the flag; the variable is HATOBA_ and the name in capitals
	Default string
	Usage   string
	Bool    bool
	List    bool // may be given several times; in a variable or a file: comma-separated
}

// Env is the setting's environment variable.
func (s Setting) Env() string {
	return "HATOBA_" + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
}

// Settings is every setting, in the order help shows them.
func Settings() []Setting {
	return []Setting{
		{Name: "data-dir", Default: "/var/lib/hatoba", Usage: "where everything is kept"},
		{Name: "listen", Default: "127.0.0.1:4566", Usage: "address of the AWS APIs and the registry"},
		{Name: "dns", Default: "", Usage: "address, such as 127.0.0.1:5353, on which names of hosted zones, namespaces and load balancers are answered to this machine (default: only tasks resolve them)"},
		{Name: "auth", Default: "none", Usage: "none: whoever reaches the listener may do everything; sigv4: AWS signatures and registry passwords are demanded"},
		{Name: "tls", Default: "false", Bool: true, Usage: "speak TLS, with certificates of an authority of our own unless tls-cert is given"},
		{Name: "tls-cert", Default: "", Usage: "PEM file of the certificate chain to show, read again when it changes"},
		{Name: "tls-key", Default: "", Usage: "PEM file of the certificate's key"},
		{Name: "tls-name", List: true, Usage: "a further name our own certificates are for, such as hatoba.example.com or *.example.com"},
		{Name: "tls-ca", Default: "", Usage: "PEM file of the authority the commands trust (default: that of the data dir)"},
		{Name: "region", Default: "us-east-1", Usage: "region of requests that name none"},
		{Name: "account-id", Default: "123456789012", Usage: "account of requests whose access key is not an account id"},
		{Name: "log-level", Default: "info", Usage: "debug, info, warn or error"},
		{Name: "log-format", Default: "text", Usage: "text or json"},
		{Name: "strict-network", Default: "false", Bool: true, Usage: "refuse subnets and security groups that were not made here, instead of adopting them into the default VPC"},
		{Name: "deny-privileged", Default: "false", Bool: true, Usage: "refuse EC2-type tasks that could take this machine: privileged ones, its namespaces, paths and devices, added capabilities"},
		{Name: "stop-tasks-on-exit", Default: "false", Bool: true, Usage: "end all tasks when Hatoba ends"},
		{Name: "measure", Default: "true", Bool: true, Usage: "measure what tasks and load balancers use, for CloudWatch's metrics and Container Insights"},
		{Name: "vpc-cidr", Default: "", Usage: "range of the default VPC, a /16 (default: 172.31.0.0/16, or a free one); fixed at first start"},
		{Name: "runtime", Default: "runc", Usage: "OCI runtime: a name on PATH or a path"},
		{Name: "forward", List: true, Usage: "SERVICE=URL or SERVICE=aws: send requests for a service that is not served here there; with aws they are signed with this host's AWS credentials"},
		{Name: "registry-mirror", List: true, Usage: "HOST=URL: ask URL first for images of registry HOST, such as docker.io=https://mirror.example.com"},
		{Name: "efs", List: true, Usage: "ID=FOLDER: the folder of this machine that EFS file system fs-… or access point fsap-… is"},
		{Name: "ingress-address", List: true, Usage: "address of this machine, such as 0.0.0.0, on whose ports internet-facing load balancers are reached as well"},
		{Name: "chat-webhook", List: true, Usage: "slack=URL or teams=URL: SNS subscriptions below URL are webhooks of that chat, beside those of its own hosts"},
		{Name: "registry-ca", List: true, Usage: "HOST=FILE: trust the PEM certificates in FILE for registry HOST, besides the machine's own"},
		{Name: "docker-config", Default: "", Usage: "folder with docker's config.json, whose registry logins and credential helpers are used (default: DOCKER_CONFIG, or none)"},
		{Name: "image-gc-high", Default: "85%", Usage: "share of the disk, or bytes of images such as 20GiB, above which images nobody uses are deleted, the least recently used first"},
		{Name: "image-gc-low", Default: "80%", Usage: "share of the disk, or bytes of images, down to which they are deleted"},
		{Name: "disk-floor", Default: "512MiB", Usage: "no task starts while the disk of the data directory has less free"},
		{Name: "ecr-upstream", Default: "", Usage: "AWS profile with which images that are not in the built-in registry are pulled from Amazon ECR"},
	}
}

// Values is every setting's text with its origin.
type Values map[string]Value

// Value is one setting's text with its origin.
type Value struct {
	Text   string
	Origin Origin
}

// Load gathers the values. flags holds the flags that were given. A file named
// by file must exist; "" means HATOBA_CONFIG, and no file when that is unset.
func Load(file string, env func(string) (string, bool), flags map[string]string) (Values, error) {
	out := Values{}
	for _, s := range Settings() {
		out[s.Name] = Value{s.Default, FromDefault}
	}
	if file == "" {
		file, _ = env("HATOBA_CONFIG")
	}
	if file != "" {
		if err := out.readFile(file); err != nil {
			return nil, err
		}
	}
	for _, s := range Settings() {
		if v, ok := env(s.Env()); ok {
			out[s.Name] = Value{v, FromEnv}
		} else if v, ok := env("DOCKER_CONFIG"); ok && s.Name == "docker-config" {
			out[s.Name] = Value{v, FromEnv}
		}
		if v, ok := flags[s.Name]; ok {
			out[s.Name] = Value{v, FromFlag}
		}
	}
	return out, nil
}

// readFile takes a JSON object of setting names.
func (v Values) readFile(file string) error {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("configuration file %s does not exist", file)
	}
	if err != nil {
		return err
	}
	raw := map[string]any{}
	if err := json.Unmarshal(b, &raw); err != nil {
		return fmt.Errorf("configuration file %s: %w", file, err)
	}
	for name, value := range raw {
		if _, ok := v[name]; !ok {
			return fmt.Errorf("configuration file %s: there is no setting %q; `hatoba config` lists them", file, name)
		}
		v[name] = Value{fileText(value), FromFile}
	}
	return nil
}

// fileText is a file's value as a flag would say it.
func fileText(value any) string {
	list, ok := value.([]any)
	if !ok {
		return fmt.Sprint(value)
	}
	var parts []string
	for _, part := range list {
		parts = append(parts, fmt.Sprint(part))
	}
	return strings.Join(parts, ",")
}

// list splits a setting that may be given several times.
func (v Values) list(name string) (out []string) {
	for _, part := range strings.Split(v[name].Text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

var (
	accountID = regexp.MustCompile(`^[0-9]{12}$`)
	region    = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
)

// Check turns the texts into a Config, or says which setting is wrong, where
// it came from and what it takes.
func (v Values) Check() (Config, error) {
	c := Config{
		DataDir: v["data-dir"].Text, Listen: v["listen"].Text, DNS: v["dns"].Text, Region: v["region"].Text, AccountID: v["account-id"].Text,
		LogLevel: v["log-level"].Text, LogFormat: v["log-format"].Text, VPCCIDR: v["vpc-cidr"].Text, Runtime: v["runtime"].Text,
		RegistryMirrors: v.list("registry-mirror"), RegistryCAs: v.list("registry-ca"), EFS: v.list("efs"),
		Forward: v.list("forward"),
		Auth:    v["auth"].Text, TLSCert: v["tls-cert"].Text, TLSKey: v["tls-key"].Text, TLSNames: v.list("tls-name"), TLSCA: v["tls-ca"].Text,
		DockerConfig: v["docker-config"].Text, ECRUpstream: v["ecr-upstream"].Text,
	}
	var err error
	if c.DataDir, err = filepath.Abs(c.DataDir); err != nil || v["data-dir"].Text == "" {
		return c, v.wrong("data-dir", "must be a directory's path")
	}
	if err := v.checkAccess(&c); err != nil {
		return c, err
	}
	if !region.MatchString(c.Region) {
		return c, v.wrong("region", "must be a region's name, such as us-east-1")
	}
	if !accountID.MatchString(c.AccountID) {
		return c, v.wrong("account-id", "must be 12 digits")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		return c, v.wrong("log-level", "must be debug, info, warn or error")
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		return c, v.wrong("log-format", "must be text or json")
	}
	if c.StrictNetwork, err = strconv.ParseBool(v["strict-network"].Text); err != nil {
		return c, v.wrong("strict-network", "must be true or false")
	}
	if c.DenyPrivileged, err = strconv.ParseBool(v["deny-privileged"].Text); err != nil {
		return c, v.wrong("deny-privileged", "must be true or false")
	}
	if c.StopTasksOnExit, err = strconv.ParseBool(v["stop-tasks-on-exit"].Text); err != nil {
		return c, v.wrong("stop-tasks-on-exit", "must be true or false")
	}
	if c.Measure, err = strconv.ParseBool(v["measure"].Text); err != nil {
		return c, v.wrong("measure", "must be true or false")
	}
	if c.VPCCIDR != "" {
		p, err := netip.ParsePrefix(c.VPCCIDR)
		if err != nil || p.Bits() != 16 || !p.Addr().Is4() || p != p.Masked() {
			return c, v.wrong("vpc-cidr", "must be a /16, such as 172.31.0.0/16")
		}
	}
	for _, text := range v.list("ingress-address") {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return c, v.wrong("ingress-address", "must be an address of this machine, such as 0.0.0.0 or 192.168.1.10")
		}
		c.Ingress = append(c.Ingress, a)
	}
	if err := v.checkChats(&c); err != nil {
		return c, err
	}
	return c, v.checkDisk(&c)
}

func (v Values) checkChats(c *Config) error {
	c.Chats = map[string][]string{}
	for _, text := range v.list("chat-webhook") {
		chat, prefix, _ := strings.Cut(text, "=")
		if chat != "slack" && chat != "teams" || !strings.HasPrefix(prefix, "http://") && !strings.HasPrefix(prefix, "https://") {
			return v.wrong("chat-webhook", "must be slack=URL or teams=URL")
		}
		c.Chats[chat] = append(c.Chats[chat], prefix)
	}
	return nil
}

func (v Values) checkDisk(c *Config) (err error) {
	if c.ImageGCHigh, err = disk.ParseMark(v["image-gc-high"].Text); err != nil {
		return v.wrong("image-gc-high", "must be a share such as 85%, or bytes such as 20GiB")
	}
	if c.ImageGCLow, err = disk.ParseMark(v["image-gc-low"].Text); err != nil {
		return v.wrong("image-gc-low", "must be a share such as 80%, or bytes such as 16GiB")
	}
	if (c.ImageGCHigh.Percent > 0) != (c.ImageGCLow.Percent > 0) || c.ImageGCLow.Percent > c.ImageGCHigh.Percent || c.ImageGCLow.Bytes > c.ImageGCHigh.Bytes {
		return v.wrong("image-gc-low", "must not be above image-gc-high, and must be a share if that is one, else bytes")
	}
	if c.DiskFloor, err = disk.ParseBytes(v["disk-floor"].Text); err != nil {
		return v.wrong("disk-floor", "must be bytes such as 512MiB")
	}
	return nil
}

func (v Values) wrong(name, what string) error {
	return fmt.Errorf("setting %s %s (it is %q, from %s)", name, what, v[name].Text, v[name].Origin)
}
