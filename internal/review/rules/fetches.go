package rules

import (
	"net/url"
	"slices"
	"strings"
)

// fetches says what a call gets from elsewhere; empty if nothing.
func fetches(c call) string {
	if c.name() == "python" || c.name() == "python3" {
		if len(c) > 3 && c[1] == "-m" {
			c = c[2:]
		}
	}
	verb := ""
	for _, w := range c[1:] {
		if !strings.HasPrefix(w, "-") {
			verb = w
			break
		}
	}
	if managers[c.name()] != "" {
		for _, p := range packageCalls([]call{c}) {
			if p.installs() || p.upgrades() || p.verb == "update" {
				return c.name() + " " + p.verb
			}
		}
		return ""
	}
	for _, known := range []string{"pip install", "pip3 install", "npm install", "npm ci", "npm i", "pnpm install", "pnpm i", "yarn install", "bundle install",
		"gem install", "composer install", "composer update", "go get", "go install", "poetry install", "uv sync", "git clone", "git pull", "mvn install", "cargo install"} {
		if c.name()+" "+verb == known && !c.has("--offline", "--no-index", "--local", "--frozen-offline") {
			return known
		}
	}
	switch c.name() {
	case "curl", "wget":
		if slices.ContainsFunc(c, elsewhere) {
			return c.name()
		}
	case "aws":
		if len(c) > 2 && c[1] == "s3" && (c[2] == "cp" || c[2] == "sync") && len(c) > 3 && strings.HasPrefix(c[3], "s3://") {
			return "aws s3 " + c[2]
		}
	}
	return ""
}

// elsewhere tells a URL of another host from one of the task itself.
func elsewhere(word string) bool {
	u, err := url.Parse(word)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "ftp" {
		return false
	}
	host := u.Hostname()
	return host != "" && host != "localhost" && !strings.HasPrefix(host, "127.") && !strings.HasPrefix(host, "169.254.") && !strings.HasPrefix(host, "$")
}
