package pages

import (
	"strconv"
	"strings"
)

// sixteen writes a terminal's colors anew, those of 256 and of all as the nearest of sixteen: a page has styles for no more.
func sixteen(codes string) []byte {
	given := strings.FieldsFunc(codes, func(r rune) bool { return r == ';' || r == ':' })
	var kept []string
	for i := 0; i < len(given); i++ {
		if given[i] != "38" && given[i] != "48" {
			kept = append(kept, given[i])
			continue
		}
		color, used := wide(given[i+1:])
		i += used
		if color < 0 {
			continue
		}
		if given[i-used] == "48" {
			color += 10
		}
		kept = append(kept, strconv.Itoa(color))
	}
	if len(kept) == 0 && len(given) > 0 {
		return nil // colors that are none must not take the others back
	}
	return []byte("\x1b[" + strings.Join(kept, ";") + "m")
}

// wide reads one of 256 colors (5;n) or one of all (2;r;g;b), and gives the code of the nearest and how much was read; -1 is none.
func wide(codes []string) (color, used int) {
	number := func(i int) int {
		n, err := strconv.Atoi(codes[i])
		if err != nil {
			return 0
		}
		return min(n, 255)
	}
	switch {
	case len(codes) >= 2 && codes[0] == "5":
		return indexed(number(1)), 2
	case len(codes) >= 4 && codes[0] == "2":
		return nearest(number(1), number(2), number(3)), 4
	}
	return -1, len(codes)
}

// indexed is the nearest of the color with that number: 16 of their own, a cube of 6 by 6 by 6, and 24 grays.
func indexed(n int) int {
	switch {
	case n < 8:
		return 30 + n
	case n < 16:
		return 90 + n - 8
	case n < 232:
		n -= 16
		return nearest(n/36*51, n/6%6*51, n%6*51)
	}
	gray := (n-232)*10 + 8
	return nearest(gray, gray, gray)
}

// nearest is the code of the color whose parts are strong where these are.
func nearest(r, g, b int) int {
	high, low := max(r, g, b), min(r, g, b)
	if high-low < 48 { // gray
		switch {
		case high < 64:
			return 30
		case high < 144:
			return 90
		case high < 224:
			return 37
		}
		return 97
	}
	code, middle := 30, (high+low)/2
	for i, part := range []int{r, g, b} {
		if part > middle {
			code += 1 << i
		}
	}
	if high > 192 {
		code += 60
	}
	return code
}
