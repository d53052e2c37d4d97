package simtest

// Shortest looks for the shortest sequence of operations that breaks something: for a mutant, its
// smallest counterexample. It tries the sequences over the alphabet in order of length, up to limit
// operations, and those of one length in the order of the alphabet, and returns the first for which
// broken returns a message, with the message; nil and "" if there is none. What broken is given is only
// valid during the call. There are len(alphabet)^limit sequences: keep both small.
func Shortest[O any](alphabet []O, limit int, broken func(sequence []O) string) ([]O, string) {
	for length := 1; length <= limit; length++ {
		digits := make([]int, length)
		sequence := make([]O, length)
		for more := true; more; more = count(digits, len(alphabet)) {
			for i, d := range digits {
				sequence[i] = alphabet[d]
			}
			if why := broken(sequence); why != "" {
				return sequence, why
			}
		}
	}
	return nil, ""
}

// count adds 1 to a number in base n, and reports false when it is 0 again.
func count(digits []int, n int) bool {
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i]++
		if digits[i] < n {
			return true
		}
		digits[i] = 0
	}
	return false
}
