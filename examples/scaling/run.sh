#!/bin/sh
# Makes the service and its policy, and loads it until Ctrl-C. It needs a running
# Hatoba, `eval "$(hatoba env)"` before, and to be started in the repository.
set -eu
CGO_ENABLED=0 go build -o bin/scaling ./examples/scaling
aws ecr describe-repositories --repository-names scaling >/dev/null 2>&1 ||
  aws ecr create-repository --repository-name scaling >/dev/null
hatoba image build --binary bin/scaling --push scaling:1
aws ecs register-task-definition --cli-input-json file://examples/scaling/taskdef.json >/dev/null
aws ecs create-service --cli-input-json file://examples/scaling/service.json >/dev/null
aws application-autoscaling register-scalable-target --cli-input-json file://examples/scaling/target.json >/dev/null
aws application-autoscaling put-scaling-policy --cli-input-json file://examples/scaling/policy.json --query 'Alarms[].AlarmName'
aws ecs wait services-stable --services scaling
exec bin/scaling load "$@"
