package lb

import (
	"bytes"
	"time"
)

// Cookies of stickiness.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#sticky-sessions

// cookieLife is how long a browser keeps them; how long they hold is inside.
const cookieLife = 7 * day

// cookie is the value of the first cookie of a name.
func (h *head) cookie(name string) []byte {
	for i := range h.fields {
		if h.fields[i].id != fieldCookie {
			continue
		}
		rest := h.bytes(h.fields[i].value)
		for len(rest) > 0 {
			pair := rest
			if n := bytes.IndexByte(rest, ';'); n >= 0 {
				pair, rest = rest[:n], rest[n+1:]
			} else {
				rest = nil
			}
			key, value, ok := bytes.Cut(bytes.TrimLeft(pair, " "), []byte("="))
			if ok && string(key) == name {
				return value
			}
		}
	}
	return nil
}

// boundTarget is the target that the client's cookie names, nil if that takes no
// requests any more; bound tells whether the cookie still holds.
func (v *visit) boundTarget(name string) (t *target, bound bool) {
	for _, name := range []string{name, name + "CORS"} {
		value := v.req.cookie(name)
		if len(value) == 0 {
			continue
		}
		if hash, ok := v.plane.seal.get(value, v.share.hash, v.now); ok {
			return v.share.group.byCookie(hash), true
		}
	}
	return nil, false
}

// boundGroup is the group that the client's cookie names.
func (v *visit) boundGroup(act *action) *share {
	for _, name := range []string{"AWSALBTG", "AWSALBTGCORS"} {
		value := v.req.cookie(name)
		if len(value) == 0 {
			continue
		}
		hash, ok := v.plane.seal.get(value, v.plane.actionHash, v.now)
		for i := range act.groups {
			if ok && act.groups[i].hash == hash && act.groups[i].weight > 0 {
				return &act.groups[i]
			}
		}
	}
	return nil
}

// appendCookies adds Set-Cookie lines to an answer of the target.
func (v *visit) appendCookies(dst []byte, res *head) []byte {
	if v.group == nil || v.group.Sticky == NotSticky && !v.stickGroup {
		return dst
	}
	if v.stickGroup {
		act := v.action()
		value := v.plane.seal.put(nil, v.plane.actionHash, v.share.hash, v.now.Add(act.Forward.Sticky))
		dst = v.appendCookie(dst, "AWSALBTG", value, true)
	}
	life := v.group.StickyFor
	if life == 0 {
		life = day
	}
	switch v.group.Sticky {
	case BalancerCookie:
		value := v.plane.seal.put(nil, v.share.hash, v.target.hash, v.now.Add(life))
		dst = v.appendCookie(dst, "AWSALB", value, true)
	case ApplicationCookie:
		if v.appSession || setsCookie(res, v.group.CookieName) {
			value := v.plane.seal.put(nil, v.share.hash, v.target.hash, v.now.Add(life))
			dst = v.appendCookie(dst, "AWSALBAPP-0", value, false)
			for _, name := range []string{"AWSALBAPP-1", "AWSALBAPP-2", "AWSALBAPP-3"} {
				dst = v.appendCookie(dst, name, []byte("_remove_"), false)
			}
		}
	}
	return dst
}

func (v *visit) action() *action {
	if v.rule != nil {
		return &v.rule.action
	}
	return &v.s.def
}

// appendCookie writes a cookie, and with cors its sibling for other sites.
func (v *visit) appendCookie(dst []byte, name string, value []byte, cors bool) []byte {
	expires := v.now.Add(cookieLife).UTC().Format(time.RFC1123)
	expires = expires[:len(expires)-3] + "GMT"
	line := func(name, attributes string) {
		dst = append(dst, "Set-Cookie: "...)
		dst = append(dst, name...)
		dst = append(dst, '=')
		dst = append(dst, value...)
		dst = append(dst, "; Expires="...)
		dst = append(dst, expires...)
		dst = append(dst, "; Path=/"...)
		dst = append(dst, attributes...)
		dst = append(dst, "\r\n"...)
	}
	line(name, "")
	if cors {
		attributes := "; SameSite=None"
		if v.secure != nil {
			attributes += "; Secure"
		}
		line(name+"CORS", attributes)
	}
	return dst
}

// setsCookie tells whether an answer sets a cookie.
func setsCookie(res *head, name string) bool {
	for i := range res.fields {
		if f := &res.fields[i]; f.id == fieldSetCookie {
			if key, _, ok := bytes.Cut(res.bytes(f.value), []byte("=")); ok && string(key) == name {
				return true
			}
		}
	}
	return false
}
