#!/bin/busybox sh
# Jumps of the wall clock under a running Hatoba: a day ahead, two days back.
# Tasks stay, are replaced and deployed as if nothing had happened. Here the
# machine is the test's own, so its clock may be set.
data=/var/lib/clock
fail() { echo "CLOCK: $*"; hatoba services --data-dir $data; hatoba events web --data-dir $data | tail -20; hatoba stop --data-dir $data; exit 1; }
call() {
  wget -q -O - --header "X-Amz-Target: AmazonEC2ContainerServiceV20141113.$1" \
    --header "Content-Type: application/x-amz-json-1.1" --post-data "$2" http://127.0.0.1:4566/
}
jump() { date -s "@$(($(date +%s) + $1))" >/dev/null && echo "CLOCK: it is $(date -u +%FT%TZ)"; }
up() {
  hatoba up --data-dir $data --log-level warn &
  pid=$!
  within 60 "Hatoba answers" wget -q -O /dev/null http://127.0.0.1:4566/_hatoba/health
}
# within SECONDS WHAT COMMAND: by sleeps, which the wall clock does not stretch.
within() {
  left=$(($1 * 5)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ $left -gt 0 ] || fail "not in time: $what"
    usleep 200000
  done
}
stable() { call DescribeServices '{"services":["web"]}' >/tmp/service && grep -q '"runningCount":2' /tmp/service && grep -q '"rolloutState":"COMPLETED"' /tmp/service && [ "$(grep -o '"rolloutState"' /tmp/service | wc -l)" = 1 ]; }
tasks() { call ListTasks '{"serviceName":"web"}' | grep -o 'task/default/[0-9a-f]*' | sort; }
replaced() { stable && ! tasks | grep -q "$gone"; }
said() { hatoba logs "$one" --data-dir $data | grep -q listening; }

ip link set lo up
cp ./app ./web
up
hatoba image build --binary ./web --push --port 8080/tcp web:1 --data-dir $data || fail "image"
call RegisterTaskDefinition '{"family":"web","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"cpu":"256","memory":"512","executionRoleArn":"arn:aws:iam::123456789012:role/web","containerDefinitions":[{"name":"web","image":"123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1","healthCheck":{"command":["CMD","/web","healthcheck"],"interval":5},"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"/clock","awslogs-region":"us-east-1","awslogs-stream-prefix":"c","awslogs-create-group":"true"}}}]}' >/dev/null || fail "definition"
call CreateService '{"serviceName":"web","taskDefinition":"web","desiredCount":2,"launchType":"FARGATE","networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-0123456789abcdef0"]}}}' >/dev/null || fail "service"
within 60 "the service stands" stable

for by in 86400 -172800; do
  before=$(tasks)
  jump $by
  sleep 8
  stable || fail "the service does not stand after the jump"
  [ "$before" = "$(tasks)" ] || fail "the jump ended tasks: $before, now $(tasks)"
  gone=$(tasks | head -1)
  gone=${gone##*/}
  call StopTask "{\"task\":\"$gone\"}" >/dev/null || fail "StopTask"
  within 60 "a stopped task is replaced" replaced
  call UpdateService '{"service":"web","forceNewDeployment":true}' >/dev/null || fail "UpdateService"
  within 60 "a deployment is completed" stable
  one=$(tasks | head -1)
  one=${one##*/}
  within 20 "what a new task says is stored" said
done
before=$(tasks)
kill -9 $pid
jump 3600
up
within 30 "the service stands after a restart" stable
[ "$before" = "$(tasks)" ] || fail "the restart ended tasks: $before, now $(tasks)"
hatoba stop --data-dir $data || fail "stop"
echo "CLOCK: ok"
