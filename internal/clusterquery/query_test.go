package clusterquery

import (
	"strings"
	"testing"
	"time"
)

func facts() Facts {
	return Facts{
		AgentConnected: true, AgentVersion: "1.59.0", EC2InstanceID: "i-0abc", RunningTasks: 2,
		RegisteredAt: time.Date(2018, 6, 18, 22, 28, 28, 0, time.UTC),
		Attributes:   map[string]string{"ecs.instance-type": "g2.2xlarge", "ecs.availability-zone": "us-east-1a", "stack": "", "team": "two words"},
		Groups:       []string{"database", "service:production"},
	}
}

func TestQueries(t *testing.T) {
	for text, want := range map[string]bool{
		// AWS's examples.
		`attribute:ecs.instance-type == t2.small`:                                               false,
		`attribute:ecs.availability-zone in [us-east-1a, us-east-1b]`:                           true,
		`attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d`: true,
		`task:group == service:production`:                                                      true,
		`not(task:group == database)`:                                                           false,
		`runningTasksCount == 1`:                                                                false,
		`runningTasksCount>=2`:                                                                  true,
		`ec2InstanceId in ['i-0abc', 'i-2']`:                                                    true,
		`agentConnected == false`:                                                               false,
		`agentVersion < 1.7.0`:                                                                  false,
		`agentVersion greater_than 1.7.0`:                                                       true,
		`agentVersion == 1.59`:                                                                  true,
		`registeredAt >= 2018-06-18`:                                                            true,
		`registeredAt < 2018-06-18T22:28:28`:                                                    false,
		`registeredAt == 2018-06-18T22:28:28+00:00`:                                             true,
		`registeredAt <= 2018-06-18T22:28:28Z`:                                                  true,
		`attribute:stack exists`:                                                                true,
		`attribute:stack !exists`:                                                               false,
		`attribute:none not_exists`:                                                             true,
		`attribute:none != x`:                                                                   true,
		`attribute:none == x`:                                                                   false,
		`attribute:none !in [x]`:                                                                true,
		`attribute:team == 'two words'`:                                                         true,
		`attribute:team in ["two words", other]`:                                                true,
		`attribute:ecs.instance-type =~ g2`:                                                     false,
		`attribute:ecs.instance-type !~ [a-f].*`:                                                true,
		`attribute:ecs.instance-type not_matches [a-z]2\..*`:                                    false,
		`task:group != queue`:                                                                   true,
		`task:group != database`:                                                                false,
		`task:group matches service:.*`:                                                         true,
		`! attribute:stack exists || agentConnected == true`:                                    true,
		`agentConnected == false and agentConnected == false or agentConnected == true`:         true,
		`agentConnected == false and (agentConnected == false or agentConnected == true)`:       false,
		`(attribute:stack exists)&&!(runningTasksCount > 5)`:                                    true,
		`attribute:ecs.availability-zone not_in [us-east-1a]  or  attribute:ecs.availability-zone in [us-east-1a]`: true,
	} {
		q, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := q.Holds(facts()); got != want {
			t.Errorf("%s is %v", text, got)
		}
	}
}

func TestBadQueries(t *testing.T) {
	for text, want := range map[string]string{
		``:                                      `a subject is missing before ""`,
		`attribute:`:                            `unknown subject "attribute:"`,
		`memory > 5`:                            `unknown subject "memory"`,
		`attribute:x`:                           "an operator is missing after attribute:x",
		`attribute:x > 5`:                       "the operator > is not valid for attribute:x",
		`agentVersion =~ 1.*`:                   "the operator =~ is not valid for agentVersion",
		`runningTasksCount == many`:             `"many" is not a number`,
		`registeredAt > yesterday`:              `"yesterday" is not a date such as 2018-06-18T22:28:28Z`,
		`attribute:x ==`:                        `an argument is missing before ""`,
		`attribute:x in a`:                      `in takes a list [a, b], not "a"`,
		`attribute:x in [a, b`:                  `a list is not closed before ""`,
		`attribute:x == 'a`:                     `a quote is not closed: "'a"`,
		`(attribute:x == a`:                     `a parenthesis is not closed before ""`,
		`attribute:x == a b`:                    `unexpected "b"`,
		`attribute:x == a and`:                  `a subject is missing before ""`,
		`attribute:x =~ 'a)|(b'`:                "the pattern \"a)|(b\" cannot be read: ",
		`attribute:x =~ [`:                      "the pattern \"[\" cannot be read: ",
		strings.Repeat("!", 60) + "attribute:x": "the expression is nested more than 32 deep",
		strings.Repeat("a", 5000):               "the expression has more than 4096 characters",
	} {
		if _, err := Parse(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Whatever is read can be asked, and its negation says the contrary.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`attribute:a =~ g2.* and not (task:group == database)`, `runningTasksCount >= 2 || agentVersion < 1.7.0`, `ec2InstanceId !in ['a', b]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		if err != nil {
			return
		}
		n, err := Parse("not(" + text + ")")
		if err == nil && n.Holds(facts()) == q.Holds(facts()) {
			t.Errorf("%q and its negation are both %v", text, q.Holds(facts()))
		}
	})
}
