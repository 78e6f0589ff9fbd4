package provider

import (
	"errors"
	"net/http"
)

// refusing is a client without a network. It tells about each request before it refuses it.
func refusing(tell func()) *http.Client {
	return &http.Client{Transport: refuser(tell)}
}

type refuser func()

// RoundTrip implements http.RoundTripper.
func (tell refuser) RoundTrip(*http.Request) (*http.Response, error) {
	tell()
	return nil, errors.New("no network here")
}
