package github

import "unicode/utf8"

const maxText = 65535 // bytes of a check run's summary or text and, to be safe, of a comment

const cutNotice = "\n\n…cut here: GitHub takes no more. The rest is on slipway's own page."

// cut shortens a text to GitHub's limit, between two characters, and says so.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	return cutBytes(text, maxText-len(cutNotice)) + cutNotice
}

// cutBytes is the longest beginning of whole characters within n bytes.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// cutRunes is the first n characters, the last an ellipsis if there were more.
func cutRunes(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return string(runes[:n-1]) + "…"
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
