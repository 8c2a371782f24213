package objects

import (
	"encoding/json"
	"fmt"
)

func uploadFrom(raw []byte) (u Upload, err error) {
	if err := json.Unmarshal(raw, &u); err != nil {
		return u, fmt.Errorf("record of an upload: %w", err)
	}
	return u, nil
}

func partFrom(raw []byte) (p Part, err error) {
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, fmt.Errorf("record of a part: %w", err)
	}
	return p, nil
}
