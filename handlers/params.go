package handlers

import (
	"errors"
	"net/http"
	"net/url"
)

// maxParams bounds the parameters of a request, in the query or in the body.
const maxParams = 64 << 10

// queryOf reads the query. What cannot be read of it is left out; if it is too long, all of it.
func queryOf(r *http.Request) url.Values {
	if len(r.URL.RawQuery) > maxParams {
		return url.Values{}
	}
	return r.URL.Query()
}

// strictQueryOf fails if any of the query cannot be read.
func strictQueryOf(r *http.Request) (url.Values, error) {
	if len(r.URL.RawQuery) > maxParams {
		return nil, errors.New("the query is too long")
	}
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errors.New("the query is not readable") // the error's text would quote it
	}
	return params, nil
}

// formOf reads the form in the body of a POST, never the query.
func formOf(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	form := *r
	form.URL = &url.URL{Path: r.URL.Path}
	form.Body = http.MaxBytesReader(w, r.Body, maxParams)
	if form.ParseForm() != nil {
		return nil, errors.New("the form is not readable or too long")
	}
	return form.PostForm, nil
}
