package ecs

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// accountSetting is a setting as AWS knows it.
type accountSetting struct {
	name      types.SettingName
	otherwise string   // what it is when nobody set it
	values    []string // what it takes
	effect    string   // of setting it here, for docs/ecs-api.md
}

// accountSettings are in the order of their names. ARNs have the long form
// always, so the three settings about it cannot be switched off.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
func accountSettings() []accountSetting {
	onOff := []string{"enabled", "disabled", "on", "off"}
	return []accountSetting{
		{types.SettingNameAwsvpcTrunking, "disabled", onOff, "none"},
		{types.SettingNameContainerInsights, "disabled", []string{"enabled", "disabled", "enhanced", "on", "off"}, "new clusters have it"},
		{types.SettingNameContainerInstanceLongArnFormat, "enabled", onOff, "always on"},
		{types.SettingNameDefaultLogDriverMode, "non-blocking", []string{"blocking", "non-blocking"}, "new tasks have it"},
		{types.SettingNameFargateEventWindows, "disabled", onOff, "none"},
		{types.SettingNameFargateFipsMode, "disabled", onOff, "none"},
		{types.SettingNameFargateTaskRetirementWaitPeriod, "7", []string{"0", "7", "14"}, "none"},
		{types.SettingNameGuardDutyActivate, "off", nil, "none"},
		{types.SettingNameServiceLongArnFormat, "enabled", onOff, "always on"},
		{types.SettingNameTagResourceAuthorization, "on", onOff, "none"},
		{types.SettingNameTaskLongArnFormat, "enabled", onOff, "always on"},
	}
}

func settingNamed(name types.SettingName) (accountSetting, error) {
	all := accountSettings()
	i := slices.IndexFunc(all, func(s accountSetting) bool { return s.name == name })
	if i < 0 {
		return accountSetting{}, invalid("The setting name should be one of %v.", name.Values())
	}
	return all[i], nil
}

// check tells whether a principal may give the setting the value.
func (a accountSetting) check(value string) error {
	switch {
	case a.values == nil:
		return invalid("The setting %s is managed by AWS and cannot be changed.", a.name)
	case !slices.Contains(a.values, value):
		return invalid("The value of the setting %s should be one of %v.", a.name, a.values)
	case a.effect == "always on" && value != "enabled" && value != "on":
		return invalid("The setting %s cannot be switched off: the ARNs of Hatoba always have the long form.", a.name)
	}
	return nil
}

// principal is whose setting is meant: the caller's own, unless the root user
// names another.
func principal(caller wire.Caller, given *string) (string, error) {
	own := caller.Identity.ARN
	if own == "" {
		own = rootARN(caller.Scope)
	}
	want := aws.ToString(given)
	switch {
	case want == "" || want == own:
		return own, nil
	case own != rootARN(caller.Scope):
		return "", &types.AccessDeniedException{Message: aws.String("You must be the root user, or the principal, to use principalArn.")}
	case !strings.HasPrefix(want, "arn:aws:iam::"+caller.Scope.Account+":"):
		return "", invalid("Invalid principalArn: it must name the root, a user or a role of account %s.", caller.Scope.Account)
	}
	return want, nil
}

func rootARN(scope state.Scope) string { return "arn:aws:iam::" + scope.Account + ":root" }

// effective is a setting as it holds for a principal: its own, the account's,
// AWS's default. own tells whether the principal has set it.
func effective(r store.Reader, scope state.Scope, principal string, a accountSetting) (value string, own bool) {
	for _, who := range []string{principal, rootARN(scope)} {
		if set, ok := store.AccountSettings.Get(r, scope.Key(state.AccountSettingID(who, string(a.name)))); ok {
			return set.Value, who == principal
		}
	}
	return a.otherwise, false
}

// setting is the effective value of one setting of the caller's.
func setting(r store.Reader, caller wire.Caller, name types.SettingName) string {
	a, err := settingNamed(name)
	if err != nil {
		return ""
	}
	who, err := principal(caller, nil)
	if err != nil {
		return a.otherwise
	}
	value, _ := effective(r, caller.Scope, who, a)
	return value
}

func settingShape(a accountSetting, value, principal string) types.Setting {
	kind := types.SettingTypeUser
	if a.values == nil {
		kind = types.SettingTypeAwsManaged
	}
	return types.Setting{Name: a.name, Value: aws.String(value), PrincipalArn: aws.String(principal), Type: kind}
}
