// Package alarm decides what CloudWatch alarms say: whether enough of a
// metric's newest datapoints cross a threshold, whether a rule over other alarms
// holds, whether a composite alarm's actions are held back, and in which words
// AWS tells of it. It is pure: times and points go in, a verdict comes out.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
package alarm
