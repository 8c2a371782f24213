package notify

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// The chats whose webhooks are known.
const (
	Slack = "slack"
	Teams = "teams"
)

// Chats are the hosts whose HTTPS endpoints are webhooks of a chat: they take
// messages of a form of their own, and nobody there confirms a subscription.
func Chats() map[string][]string {
	return map[string][]string{
		Slack: {"hooks.slack.com", "hooks.slack-gov.com"},
		Teams: {".webhook.office.com", ".logic.azure.com", ".api.powerplatform.com"},
	}
}

// ChatOf tells which chat an endpoint is a webhook of, "" of none. extra are
// prefixes of URLs by chat, beside the known hosts.
func ChatOf(endpoint string, extra map[string][]string) string {
	for chat, prefixes := range extra {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(endpoint, p) }) {
			return chat
		}
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	for chat, hosts := range Chats() {
		for _, h := range hosts {
			if u.Hostname() == h || strings.HasPrefix(h, ".") && strings.HasSuffix(u.Hostname(), h) {
				return chat
			}
		}
	}
	return ""
}

// Masked is an endpoint without what is secret in it: the password, and of a
// chat's webhook the end of its path and its query.
func Masked(endpoint, chat string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "****"
	}
	at := ""
	if u.User != nil {
		at = u.User.Username()
		if _, has := u.User.Password(); has {
			at += ":****"
		}
		at += "@"
	}
	rest := u.EscapedPath()
	if u.RawQuery != "" {
		rest += "?" + u.RawQuery
	}
	if chat != "" {
		path := u.EscapedPath()
		rest = path[:strings.LastIndexByte(path, '/')+1] + "****"
	}
	return u.Scheme + "://" + at + u.Host + rest
}

// alarm is what is read of a CloudWatch alarm's message.
type alarm struct {
	AlarmName        string
	AlarmDescription string
	NewStateValue    string
	OldStateValue    string
	NewStateReason   string
	StateChangeTime  string
	Region           string
	AWSAccountID     string `json:"AWSAccountId"`
}

// chat is a message in a chat's own form.
func chat(kind string, s Sending) any {
	title, text, colour := chatText(s)
	if kind == Teams {
		return teams(title, text, colour)
	}
	return map[string]any{
		"text":        title,
		"attachments": []any{map[string]any{"color": colours[colour], "text": text, "fallback": title, "footer": s.Subscription.TopicARN}},
	}
}

var colours = map[string]string{"attention": "#d13212", "good": "#1d8102", "default": "#687078"}

// teams is a message with an adaptive card.
//
// Source: https://learn.microsoft.com/en-us/connectors/teams/
func teams(title, text, colour string) any {
	block := func(text string, more map[string]any) map[string]any {
		out := map[string]any{"type": "TextBlock", "text": text, "wrap": true}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	return map[string]any{
		"type": "message",
		"attachments": []any{map[string]any{
			"contentType": "application/vnd.microsoft.card.adaptive",
			"content": map[string]any{
				"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
				"body": []any{block(title, map[string]any{"weight": "Bolder", "size": "Medium", "color": colour}), block(text, nil)},
			},
		}},
	}
}

// chatText words a message for people; an alarm's is known by its members.
func chatText(s Sending) (title, text, colour string) {
	n := s.Notification
	var a alarm
	if json.Unmarshal([]byte(n.Message), &a) == nil && a.AlarmName != "" && a.NewStateValue != "" {
		colour = map[string]string{"ALARM": "attention", "OK": "good"}[a.NewStateValue]
		if colour == "" {
			colour = "default"
		}
		lines := []string{a.NewStateReason}
		if a.AlarmDescription != "" {
			lines = []string{a.AlarmDescription, a.NewStateReason}
		}
		lines = append(lines, a.OldStateValue+" -> "+a.NewStateValue+" at "+a.StateChangeTime+", "+a.Region+", account "+a.AWSAccountID)
		return a.NewStateValue + ": " + a.AlarmName, strings.Join(lines, "\n\n"), colour
	}
	if n.Subject != "" {
		return n.Subject, n.Message, "default"
	}
	return "Message of " + s.Topic.Name, n.Message, "default"
}
