package demo

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// dice is a stream of chance that belongs to one purpose and one account, so that no part of the story shifts
// when another part draws more or less often.
type dice struct{ *rand.Rand }

func newDice(seed uint64, purpose string, n int) dice {
	h := fnv.New64a()
	h.Write([]byte(purpose)) // A hash never fails.
	return dice{rand.New(rand.NewPCG(mix(seed^h.Sum64()), mix(h.Sum64()+uint64(n))))}
}

// mix spreads neighbouring numbers over all of uint64 (the finaliser of splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (d dice) chance(p float64) bool            { return d.Float64() < p }
func (d dice) within(low, high float64) float64 { return low + (high-low)*d.Float64() }
func (d dice) days(low, high int) day           { return day(low + d.IntN(high-low+1)) }
func (d dice) normal(mean, deviation float64) float64 {
	return mean + deviation*d.NormFloat64()
}

// tally turns chances into decisions so that over many of them as many come true as the chances add up to: each
// still has its chance, but no run of bad luck makes a small company an untypical one (systematic sampling).
type tally float64

func (t *tally) falls(p float64) bool {
	*t += tally(p)
	if *t < 1 {
		return false
	}
	*t--
	return true
}

// weekly tells whether something that happens perYear times a year on average happens in this week.
func (d dice) weekly(perYear float64) bool { return d.Float64() < 1-math.Exp(-perYear/52) }

// one picks an index by weight.
func (d dice) one(weights ...float64) int {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	x := d.Float64() * sum
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func pick[T any](d dice, of []T) T { return of[d.IntN(len(of))] }

// spread maps n to [0, 1) so that every run of neighbours covers it evenly (the golden-ratio sequence): small
// companies get their few large customers, too, and none of them all at once.
func spread(n int, shift float64) float64 {
	_, f := math.Modf(float64(n+1)*0.6180339887498949 + shift)
	return f
}

// quantile is the inverse of the standard normal distribution.
func quantile(u float64) float64 { return math.Sqrt2 * math.Erfinv(2*u-1) }

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func clamp(x, low, high float64) float64 { return min(max(x, low), high) }
