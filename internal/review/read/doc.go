// Package read makes the parts of a review's subject out of what a user gives:
// files, folders, images and a live account.
package read
