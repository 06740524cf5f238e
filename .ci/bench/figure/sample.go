// Package figure is what measurements amount to: samples with their quantiles, paired ratios, and the tables in which people read them.
package figure

import (
	"math"
	"slices"
	"time"
)

// Sample is times in milliseconds, in the order in which they were measured. The zero value has none.
type Sample []float64

// Add adds one time.
func (s *Sample) Add(d time.Duration) { *s = append(*s, Milliseconds(d)) }

// At is the quantile q, from 0 to 1, by the nearest rank: a time that was measured, never one in between. It is NaN without any.
func (s Sample) At(q float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Summary is what is told of a sample. Times are milliseconds; they are 0 without any.
type Summary struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// Summary of the sample.
func (s Sample) Summary() Summary {
	if len(s) == 0 {
		return Summary{}
	}
	return Summary{Count: len(s), P50: s.At(0.5), P90: s.At(0.9), P99: s.At(0.99), Max: s.At(1)}
}

// Median is the middle of some numbers, of an even count the mean of the two in the middle; 0 of none, for JSON has no NaN.
func Median(numbers []float64) float64 {
	if len(numbers) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(numbers))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// PairedRatio is the median over rounds of one number by another that was measured right beside it: what slows the machine down for a
// while slows both, and one bad round changes nothing. Rounds without a second number are left out.
func PairedRatio(of, by []float64) float64 {
	var ratios []float64
	for i := range min(len(of), len(by)) {
		if by[i] > 0 {
			ratios = append(ratios, of[i]/by[i])
		}
	}
	return Median(ratios)
}

// Milliseconds is a duration as a number.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Megabytes is a number of bytes in units of 2^20, as ps and top count.
func Megabytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
