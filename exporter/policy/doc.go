// Package policy is what a company decides itself: thresholds, cadences and weights, and in which currency, time zone and fiscal year it reports.
// Each setting is in force from a day on, so that past numbers stay.
package policy
