package session

import "math"

// wordy reports whether a base64-decodable text consists of words, such as
// CorrectHorseBatteryStaple. It compares the likelihood of the text as words and as random bytes.
//
// The odds must exceed 2^20 to 1. By Markov's inequality, at most one random key in a million is
// then mistaken for words.
func wordy(text string) bool {
	const enough = 20.0 // bits
	odds, before := 0.0, upperCase
	for i := range len(text) {
		class, likely := asWords(text[i])
		odds += math.Log2(follows[before][class]*likely) + 6 // a random character has 6 bits
		before = class
	}
	return odds > enough
}

// The classes of characters in base64.
const (
	lowerCase = iota
	upperCase
	digit
	symbol
)

// follows is the probability that one class follows another in concatenated words.
var follows = [4][4]float64{
	lowerCase: {lowerCase: 0.80, upperCase: 0.12, digit: 0.05, symbol: 0.03},
	upperCase: {lowerCase: 0.75, upperCase: 0.19, digit: 0.04, symbol: 0.02},
	digit:     {lowerCase: 0.15, upperCase: 0.20, digit: 0.60, symbol: 0.05},
	symbol:    {lowerCase: 0.40, upperCase: 0.40, digit: 0.15, symbol: 0.05},
}

// inEnglish is the frequency of each letter in English text, in percent.
var inEnglish = [26]float64{
	8.2, 1.5, 2.8, 4.3, 12.7, 2.2, 2.0, 6.1, 7.0, 0.15, 0.8, 4.0, 2.4,
	6.7, 7.5, 1.9, 0.1, 6.0, 6.3, 9.1, 2.8, 1.0, 2.4, 0.15, 2.0, 0.08,
}

// asWords returns the class of a character, and its probability within that class in words.
func asWords(c byte) (class int, likely float64) {
	switch {
	case 'a' <= c && c <= 'z':
		return lowerCase, ofLetter(c - 'a')
	case 'A' <= c && c <= 'Z':
		return upperCase, ofLetter(c - 'A')
	case '0' <= c && c <= '9':
		return digit, 0.1
	}
	return symbol, 0.5
}

// ofLetter averages English and a uniform distribution, for other languages.
func ofLetter(n byte) float64 { return (inEnglish[n]/100 + 1.0/26) / 2 }
