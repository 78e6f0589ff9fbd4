package settings

import "github.com/sallyport-go/sallyport/provider"

// Made returns a provider that was made, with or without mistakes.
func (s *Source) Made(name string) provider.Provider {
	for _, e := range s.made {
		if e.name == name {
			return e.made
		}
	}
	return nil
}
