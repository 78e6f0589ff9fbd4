package loopback

import "testing"

func TestHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.8.7": true, "::1": true, "0.0.0.0": false,
		"": false, "::": false, "10.0.0.1": false,
		"localhost.evil.example": false, "127.0.0.1.evil.example": false, "LOCALHOST": false,
		"127.1": false, "0x7f.1": false,
		// F36
		"app.localhost": true, "a.b.localhost": true, ".localhost": false, "evillocalhost": false,
		"app.localhost.":      false,
		"localhost.localhost": true, "localhost.example": false,
	} {
		if got := Host(host); got != want {
			t.Errorf("Host(%q) = %v, want %v", host, got, want)
		}
	}
	for address, want := range map[string]bool{
		"http://localhost:8080": true, "http://[::1]:80/x": true, "https://127.0.0.1": true,
		"http://user@evil.example@localhost": true, "http://localhost@evil.example": false,
		"localhost": false, "": false, "http://%zz": false,
	} {
		if got := URL(address); got != want {
			t.Errorf("URL(%q) = %v, want %v", address, got, want)
		}
	}
}
