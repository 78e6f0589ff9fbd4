package provider

import (
	"slices"
	"strings"
	"testing"
)

// example are values for the settings of presets.
func example(p Preset) Values {
	v := Values{"client_id": "id", "client_secret": "hush"}
	for _, s := range p.Settings {
		if s.Required {
			v[s.Name] = map[string]string{"base_url": "https://git.example.com/sub/", "shop": "flowers"}[s.Name]
		}
	}
	return v
}

// Every preset is complete and right, whatever the vendor says to it.
func TestOAuthPresets(t *testing.T) {
	names := map[string]bool{}
	for _, p := range oauthPresets {
		made, err := p.Make(example(p))
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		if insecure, err := made.(Validator).Validate(); err != nil || len(insecure) > 0 {
			t.Errorf("%s: %v, switches %v", p.Name, err, insecure)
		}
		if names[p.Name] || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || p.Label == "" || !strings.HasPrefix(p.Register, "https://") {
			t.Errorf("%s: the name is taken or not good in a Set, or there is no label %q or page %q", p.Name, p.Label, p.Register)
		}
		names[p.Name] = true
		if label := made.(Labeler).Label(); label == "" {
			t.Errorf("%s: nobody knows what to call it", p.Name)
		}
		for _, sentence := range slices.Concat(p.Notes, p.Unconfirmed) {
			if !strings.HasSuffix(sentence, ".") {
				t.Errorf("%s: %q is no sentence", p.Name, sentence)
			}
		}
	}
}
