package vendors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// R134: a secret is made for each request, and does not appear in errors.
func TestSecretFunc(t *testing.T) {
	token, revoke := "https://oauth2.googleapis.com/token", "https://oauth2.googleapis.com/revoke"
	numbered := func(n int) (string, error) { return fmt.Sprintf("made-secret-%d", n), nil }
	for name, row := range map[string]struct {
		secret func(n int) (string, error) // of the nth call
		change func(*trial)
		want   int
	}{
		"one for each request": {numbered, func(c *trial) {
			c.Answers = laidAnswers(c.Answers, map[string]reply{
				token: {
					Request: &request{
						Grant: "code",
						Params: map[string]any{
							"client_id":     "{client_id}",
							"client_secret": "made-secret-1",
						},
					},
				},
				revoke: {
					Request: &request{
						Params: map[string]any{
							"client_id":       "{client_id}",
							"client_secret":   "made-secret-2",
							"token":           "{any}",
							"token_type_hint": "{any}",
						},
					},
				},
			})
		}, 2},
		"repeated by the vendor": {numbered, func(c *trial) {
			c.Answers = laidAnswers(c.Answers, map[string]reply{token: {
				Request: &request{},
				Status:  401,
				JSON: map[string]any{
					"error":             "invalid_client",
					"error_description": "made-secret-1 is wrong",
				},
			}})
			c.Fault = "token_error"
		}, 1},
		"an error": {
			func(int) (string, error) { return "", errors.New("the vault is closed") },
			func(c *trial) { c.Fault = "token_error"; c.NotRequested = []string{token} },
			1,
		},
		"an empty one": {
			func(int) (string, error) { return "", nil },
			func(c *trial) { c.Fault = "token_error"; c.NotRequested = []string{token} },
			1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			vendor, _ := vendors.Named("google")
			vendor.New = func(v vendors.Values) (provider.Provider, error) {
				o := vendors.Google(v["client_id"], "")
				o.SecretFunc = func(context.Context) (string, error) {
					calls++
					return row.secret(calls)
				}
				return o, nil
			}
			c := load(t, filepath.Join(folder, "google.json")).trials()[0]
			c.Vars = merged(c.Vars, map[string]string{"client_secret": "made-secret-1"})
			c.Requested = nil
			row.change(&c)
			for _, complaint := range run(t, vendor, c) {
				t.Error(complaint)
			}
			if calls != row.want {
				t.Errorf("SecretFunc is called %d times, want %d", calls, row.want)
			}
		})
	}
}

// R101: keys and secrets do not print themselves.
func TestAppleKey_DoesNotPrintItself(t *testing.T) {
	key := vendors.AppleKey{TeamID: "T", KeyID: "K", PrivateKey: privateKey()}
	o := vendors.Apple("com.example.signin", key)
	for _, text := range []string{
		fmt.Sprint(key),
		fmt.Sprintf("%+v %#v", key, key),
		fmt.Sprintf("%v %#v", o, o),
		marshalled(t, key),
		marshalled(t, o),
	} {
		if strings.Contains(text, "PRIVATE KEY") {
			t.Errorf("printed: %s", text)
		}
	}
}

func marshalled(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
