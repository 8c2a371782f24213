package events

import (
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events/connection"
)

// checkConnection refuses what connections do not have here.
func checkConnection(description, key *string, private *types.ConnectivityResourceParameters) error {
	switch {
	case aws.ToString(key) != "":
		return unsupported("KmsKeyIdentifier: the secrets of connections are sealed by Hatoba's own key")
	case private != nil:
		return unsupported("InvocationConnectivityParameters: there is no VPC Lattice, and private endpoints are reached as they are")
	}
	return checkLength(description, "description", 512)
}

// checkAuth holds that the parameters are those of the type, and whole.
func checkAuth(kind types.ConnectionAuthorizationType, p *connection.Parameters) error {
	if p.ConnectivityParameters != nil {
		return unsupported("ConnectivityParameters: there is no VPC Lattice, and private endpoints are reached as they are")
	}
	if err := checkHTTP(p.InvocationHttpParameters); err != nil {
		return err
	}
	basic, key, oauth := p.BasicAuthParameters, p.ApiKeyAuthParameters, p.OAuthParameters
	there := func(member string, values ...*string) error {
		for _, v := range values {
			if aws.ToString(v) == "" || len(*v) > 512 {
				return invalid("Parameter %s is not valid. Reason: its members have 1 to 512 characters.", member)
			}
		}
		return nil
	}
	switch {
	case kind == types.ConnectionAuthorizationTypeBasic && basic != nil && key == nil && oauth == nil:
		return there("BasicAuthParameters", basic.Username, basic.Password)
	case kind == types.ConnectionAuthorizationTypeApiKey && key != nil && basic == nil && oauth == nil:
		if connection.Forbidden(aws.ToString(key.ApiKeyName)) {
			return invalid("Parameter ApiKeyName is not valid. Reason: the header %s is EventBridge's own.", *key.ApiKeyName)
		}
		return there("ApiKeyAuthParameters", key.ApiKeyName, key.ApiKeyValue)
	case kind == types.ConnectionAuthorizationTypeOauthClientCredentials && oauth != nil && basic == nil && key == nil:
		if oauth.ClientParameters == nil {
			return invalid("Parameter OAuthParameters is not valid. Reason: ClientParameters is required.")
		}
		if err := checkEnum(oauth.HttpMethod, "httpMethod", oauth.HttpMethod.Values()); err != nil || oauth.HttpMethod == "" {
			return invalid("Parameter OAuthParameters is not valid. Reason: HttpMethod is GET, POST or PUT.")
		}
		if err := checkEndpoint("AuthorizationEndpoint", oauth.AuthorizationEndpoint); err != nil {
			return err
		}
		if err := checkHTTP(oauth.OAuthHttpParameters); err != nil {
			return err
		}
		return there("OAuthParameters", oauth.ClientParameters.ClientID, oauth.ClientParameters.ClientSecret)
	}
	if err := checkEnum(kind, "authorizationType", kind.Values()); err != nil || kind == "" {
		return constraint(string(kind), "authorizationType", "Member must satisfy enum value set: [BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY]")
	}
	return invalid("Parameter AuthParameters is not valid. Reason: it must have the parameters of AuthorizationType %s, and no others.", kind)
}

func checkHTTP(p *types.ConnectionHttpParameters) error {
	if p == nil {
		return nil
	}
	if len(p.HeaderParameters) > 100 || len(p.QueryStringParameters) > 100 || len(p.BodyParameters) > 100 {
		return invalid("Parameter InvocationHttpParameters is not valid. Reason: at most 100 headers, query parameters and body parameters are taken.")
	}
	bad := func(key, value *string) bool {
		return aws.ToString(key) == "" || len(*key) > 512 || len(aws.ToString(value)) > 512
	}
	for _, h := range p.HeaderParameters {
		if bad(h.Key, h.Value) || connection.Forbidden(aws.ToString(h.Key)) {
			return invalid("Parameter HeaderParameters is not valid. Reason: the header %s cannot be set.", aws.ToString(h.Key))
		}
	}
	for _, q := range p.QueryStringParameters {
		if bad(q.Key, q.Value) {
			return invalid("Parameter QueryStringParameters is not valid.")
		}
	}
	for _, b := range p.BodyParameters {
		if aws.ToString(b.Key) == "" {
			return invalid("Parameter BodyParameters is not valid.")
		}
	}
	return nil
}

// checkEndpoint checks a URL. AWS takes https alone; http reaches what runs
// beside Hatoba.
func checkEndpoint(member string, text *string) error {
	u, err := url.Parse(aws.ToString(text))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || len(*text) > 2048 {
		return invalid("Parameter %s is not valid. Reason: it must be a URL of https or http, without user information, of at most 2048 characters.", member)
	}
	return nil
}

// overlay puts what an update gives over what there is.
func overlay(p *connection.Parameters, in *types.UpdateConnectionAuthRequestParameters) error {
	if in == nil {
		return nil
	}
	if in.ConnectivityParameters != nil {
		return unsupported("ConnectivityParameters: there is no VPC Lattice, and private endpoints are reached as they are")
	}
	if in.InvocationHttpParameters != nil {
		p.InvocationHttpParameters = in.InvocationHttpParameters
	}
	if b := in.BasicAuthParameters; b != nil {
		if p.BasicAuthParameters == nil {
			p.BasicAuthParameters = &types.CreateConnectionBasicAuthRequestParameters{}
		}
		set(&p.BasicAuthParameters.Username, b.Username)
		set(&p.BasicAuthParameters.Password, b.Password)
	}
	if k := in.ApiKeyAuthParameters; k != nil {
		if p.ApiKeyAuthParameters == nil {
			p.ApiKeyAuthParameters = &types.CreateConnectionApiKeyAuthRequestParameters{}
		}
		set(&p.ApiKeyAuthParameters.ApiKeyName, k.ApiKeyName)
		set(&p.ApiKeyAuthParameters.ApiKeyValue, k.ApiKeyValue)
	}
	if o := in.OAuthParameters; o != nil {
		if p.OAuthParameters == nil {
			p.OAuthParameters = &types.CreateConnectionOAuthRequestParameters{}
		}
		overlayOAuth(p.OAuthParameters, o)
	}
	return nil
}

func overlayOAuth(p *types.CreateConnectionOAuthRequestParameters, in *types.UpdateConnectionOAuthRequestParameters) {
	set(&p.AuthorizationEndpoint, in.AuthorizationEndpoint)
	if in.HttpMethod != "" {
		p.HttpMethod = in.HttpMethod
	}
	if in.OAuthHttpParameters != nil {
		p.OAuthHttpParameters = in.OAuthHttpParameters
	}
	if c := in.ClientParameters; c != nil {
		if p.ClientParameters == nil {
			p.ClientParameters = &types.CreateConnectionOAuthClientRequestParameters{}
		}
		set(&p.ClientParameters.ClientID, c.ClientID)
		set(&p.ClientParameters.ClientSecret, c.ClientSecret)
	}
}

func set(to **string, from *string) {
	if from != nil {
		*to = from
	}
}
