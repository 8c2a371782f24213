// Package simulate replays a load curve in virtual time through the code that
// scales services: the alarms of internal/alarm and the decisions of
// internal/scaling. What is made up is the service alone: how much a task can
// take, and how long it takes to start.
package simulate
