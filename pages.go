package sallyport

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxAppName bounds AppName in characters: it is part of titles and buttons.
const maxAppName = 60

// checkPages returns what is wrong with the fields about built-in pages.
func (c Config) checkPages() []error {
	var mistakes []error
	printable := !strings.ContainsFunc(c.AppName, func(r rune) bool { return !strconv.IsPrint(r) })
	switch {
	case !utf8.ValidString(c.AppName) || !printable || strings.TrimSpace(c.AppName) != c.AppName:
		mistakes = append(mistakes,
			fmt.Errorf("sallyport: AppName %q is not plain text on one line", c.AppName))
	case utf8.RuneCountInString(c.AppName) > maxAppName:
		mistakes = append(mistakes,
			fmt.Errorf("sallyport: AppName has %d characters: use at most %d",
				utf8.RuneCountInString(c.AppName), maxAppName))
	}
	for i, name := range c.Order {
		switch {
		case slices.Contains(c.Order[:i], name):
			mistakes = append(mistakes, fmt.Errorf("sallyport: Order has %q twice", name))
		case c.Providers[name] == nil:
			mistakes = append(mistakes,
				fmt.Errorf("sallyport: Order has %q, which is not in Providers", name))
		}
	}
	return mistakes
}
