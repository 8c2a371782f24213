package fields

import "encoding/json"

// JSONSize is the length of v in JSON without what is absent, as AWS counts
// its limits.
func JSONSize(v any) (int, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return 0, err
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		return 0, err
	}
	b, err = json.Marshal(prune(tree))
	return len(b), err
}

func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e = prune(e); e == nil || e == "" {
				delete(v, k)
			} else {
				v[k] = e
			}
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	}
	return v
}
