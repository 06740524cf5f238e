//go:build !race

package checks

const raceDetector = false
