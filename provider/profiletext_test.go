package provider

import "testing"

// MapUser reads strings, numbers and booleans of a profile by the paths of Fields.
func TestProfile_TextAndTrue(t *testing.T) {
	p := Profile{
		Token: []byte(`{"openid":"o1"}`),
		User: []byte(`{"id":7,"name":{"first":"Alice","last":null},"tags":["a","b"],"empty":"",
			"yes":true,"said":"true","one":1}`),
	}
	for path, want := range map[string]string{
		"name.first": "Alice", "id": "7", "tags.1": "b", "nick|name.first": "Alice",
		"empty|name.first": "Alice", "name.last": "", "name": "", "yes": "", "openid": "", "": "",
	} {
		if got := p.Text(path); got != want {
			t.Errorf("Text(%q) is %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string]bool{
		"yes": true, "said": true, "no|yes": true, "one": false, "name": false, "no": false,
		"": false,
	} {
		if got := p.True(path); got != want {
			t.Errorf("True(%q) is %v, want %v", path, got, want)
		}
	}
	if got := (Profile{Token: p.Token}).Text("openid"); got != "o1" {
		t.Errorf("without a document, Text reads the token response: %q, want o1", got)
	}
	if got := (Profile{User: []byte(`[1]`)}).Text("id"); got != "" {
		t.Errorf("Text of a list is %q, want none", got)
	}
}
