// Package alarmstate writes what happens to CloudWatch alarms: a change of
// state with the item of the history, the actions' notifications and the event,
// all in the transaction of their cause. So a decision is taken once, whenever
// Hatoba ends.
//
// Actions are carried out for SNS topics. The policies of Application Auto
// Scaling follow the alarms themselves.
package alarmstate
