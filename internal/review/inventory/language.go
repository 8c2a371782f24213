package inventory

import (
	"encoding/json"
	"errors"
	"strings"
)

// npmPackage reads the package.json of an installed package.
func npmPackage(text string) ([]Package, error) {
	var p struct {
		Name, Version string
		License       any
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, err
	}
	if p.Name == "" || p.Version == "" {
		return nil, nil // a piece of a package: {"type": "module"}
	}
	license, _ := p.License.(string)
	return []Package{{Name: p.Name, Version: p.Version, License: license}}, nil
}

// pythonMetadata reads METADATA or PKG-INFO: mail headers, then a text.
func pythonMetadata(text string) ([]Package, error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	head, _, _ := strings.Cut(text, "\n\n")
	field := fields(head, ":")
	if field["Name"] == "" || field["Version"] == "" {
		return nil, errors.New("it has no Name and Version")
	}
	license := field["License-Expression"]
	if license == "" {
		license = field["License"]
	}
	return []Package{{Name: field["Name"], Version: field["Version"], License: license}}, nil
}
