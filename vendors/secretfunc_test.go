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
	made := 0
	counted := func(context.Context) (string, error) {
		made++
		return fmt.Sprintf("made-secret-%d", made), nil
	}
	for name, row := range map[string]struct {
		secret func(context.Context) (string, error)
		change func(*trial)
		want   int
	}{
		"one for each request": {counted, func(c *trial) {
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
		"repeated by the vendor": {counted, func(c *trial) {
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
		"none to be had": {
			func(context.Context) (string, error) { return "", errors.New("the vault is closed") },
			func(c *trial) { c.Fault = "token_error"; c.NotRequested = []string{token} },
			0,
		},
		"an empty one": {
			func(context.Context) (string, error) { return "", nil },
			func(c *trial) { c.Fault = "token_error"; c.NotRequested = []string{token} },
			0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			made = 0
			vendor, _ := vendors.Named("google")
			vendor.New = func(v vendors.Values) (provider.Provider, error) {
				o := vendors.Google(v["client_id"], "")
				o.SecretFunc = row.secret
				return o, nil
			}
			c := load(t, filepath.Join(folder, "google.json")).trials()[0]
			c.Vars = merged(c.Vars, map[string]string{"client_secret": "made-secret-1"})
			c.Requested = nil
			row.change(&c)
			for _, complaint := range run(t, vendor, c) {
				t.Error(complaint)
			}
			if made != row.want {
				t.Errorf("%d secrets made, want %d", made, row.want)
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
