package inventory

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// Subject is what a bill of materials is of.
type Subject struct {
	Name    string // an image reference or a folder
	Version string // a digest, if there is one
	Image   bool
	Time    time.Time // of the bill; the zero time is left out
	Serial  string    // urn:uuid:…; empty is left out
	Hatoba  string    // the version that writes it
}

// CycloneDX writes a bill of materials, CycloneDX 1.6 as JSON. Equal arguments
// give equal bytes.
func CycloneDX(w io.Writer, packages []Package, of Subject) error {
	kind := cyclonedx.ComponentTypeApplication
	if of.Image {
		kind = cyclonedx.ComponentTypeContainer
	}
	bom := cyclonedx.NewBOM()
	bom.SerialNumber = of.Serial
	bom.Metadata = &cyclonedx.Metadata{
		Component: &cyclonedx.Component{BOMRef: "subject", Type: kind, Name: of.Name, Version: of.Version},
		Tools: &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{
			{Type: cyclonedx.ComponentTypeApplication, Name: "hatoba", Version: of.Hatoba}}},
	}
	if !of.Time.IsZero() {
		bom.Metadata.Timestamp = of.Time.UTC().Format(time.RFC3339)
	}
	components, seen := []cyclonedx.Component{}, map[string]int{}
	for i := range packages {
		p := &packages[i]
		c := cyclonedx.Component{Type: cyclonedx.ComponentTypeLibrary, Name: p.Name, Version: p.Version, PackageURL: p.PURL(), BOMRef: p.PURL()}
		if n := seen[c.PackageURL]; n > 0 { // the same package at another place
			c.BOMRef += "#" + strconv.Itoa(n+1)
		}
		seen[c.PackageURL]++
		if p.License != "" {
			c.Licenses = &cyclonedx.Licenses{{License: &cyclonedx.License{Name: p.License}}}
		}
		if p.Path != "" {
			properties := []cyclonedx.Property{{Name: "hatoba:path", Value: p.Path}}
			if p.Line > 0 {
				properties = append(properties, cyclonedx.Property{Name: "hatoba:line", Value: strconv.Itoa(p.Line)})
			}
			c.Properties = &properties
		}
		components = append(components, c)
	}
	bom.Components = &components
	if err := cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return fmt.Errorf("cyclonedx: %w", err)
	}
	return nil
}
