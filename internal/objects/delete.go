package objects

// Target is what a deletion means.
type Target struct {
	Key     string
	ID      string  // of a version; "": the object
	IfMatch *string // an ETag without quotes

	seq uint64 // the newest version it was decided for; another one stays
}

// Deleted is what a deletion came to.
type Deleted struct {
	ID     string // of the version removed or the delete marker made
	Marker bool   // one was made, or removed
	Err    error  // why this target stays
}

// Delete deletes in one step. A target without an id puts a delete marker
// where versioning is or was on; with an id the version is gone. What does not
// exist is deleted already.
func (e *Engine) Delete(bucket string, targets ...Target) (out []Deleted, err error) {
	err = e.update(func(t *change) error {
		out = make([]Deleted, len(targets))
		for i, target := range targets {
			if err := t.delete(e, bucket, target, &out[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// delete puts what is the target's own fault into out.
func (t *change) delete(e *Engine, bucket string, target Target, out *Deleted) error {
	b, table, err := versionsIn(t.tx, bucket)
	if err != nil {
		return err
	}
	if out.Err = CheckKey(target.Key); out.Err != nil {
		return nil
	}
	current, err := newest(table, target.Key)
	if err != nil {
		return err
	}
	if target.ID != "" {
		if current, err = versionWithID(table, target.Key, target.ID); err != nil {
			return err
		}
	}
	if target.IfMatch != nil && current != nil {
		if out.Err = (Conditions{IfMatch: target.IfMatch}).check(current); out.Err != nil {
			return nil
		}
	}
	if target.seq != 0 && (current == nil || current.seq != target.seq) {
		return nil
	}
	switch {
	case target.ID != "":
		out.ID = target.ID
		if current == nil {
			return nil
		}
		out.Marker = current.Marker
		return t.remove(table, current)
	case b.Versioning == "":
		return t.removeNull(table, target.Key)
	}
	marker := Version{Key: target.Key, Modified: e.now().UTC(), Marker: true}
	if err := t.insert(bucket, &marker, Conditions{}); err != nil {
		return err
	}
	out.ID, out.Marker = marker.ID, true
	return nil
}
