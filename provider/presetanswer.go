package provider

import "encoding/json"

// errorAt is Dialect.EditAnswer of vendors whose error code is deeper than where it is looked for.
func errorAt(path string) func(json.RawMessage) (json.RawMessage, error) {
	return func(answer json.RawMessage) (json.RawMessage, error) {
		var c claims
		if err := json.Unmarshal(answer, &c); err != nil {
			return nil, err
		}
		code := c.textAt(path)
		if code == "" || c.has("error") {
			return answer, nil
		}
		var err error
		if c["error"], err = json.Marshal(code); err != nil {
			return nil, err
		}
		return json.Marshal(c)
	}
}

// withoutRefreshToken is Dialect.EditAnswer of vendors whose refresh tokens are of no use to us: one that is there is tried.
func withoutRefreshToken(answer json.RawMessage) (json.RawMessage, error) {
	var c claims
	if err := json.Unmarshal(answer, &c); err != nil {
		return nil, err
	}
	delete(c, "refresh_token")
	return json.Marshal(c)
}
