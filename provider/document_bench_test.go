package provider

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/ratio"
)

// hostileDocuments are objects that grow with n, each in another way.
var hostileDocuments = map[string]func(n int) string{
	"many names":  func(n int) string { return object(n, `"n%d":1`) },
	"one name":    func(n int) string { return object(n, `"a":%d`) },
	"two names":   func(n int) string { return object(n, `"a":1,"b":%d`) },
	"look-alikes": func(n int) string { return object(n, `"ROLEſ%d":1`) },
	"long name":   func(n int) string { return `{"` + strings.Repeat("ſ", 8*n) + `":1}` },
	"long text":   func(n int) string { return `{"a":"` + strings.Repeat(`\ud83d`, 2*n) + `"}` },
	"long list": func(n int) string {
		return `{"roles":[` + strings.Repeat(`"x",`, n) + `"x"]}`
	},
	"many objects": func(n int) string {
		return `{"a":[` + strings.Repeat(`{"a":1,"a":2},`, n) + `7]}`
	},
	"nested, repeated": func(n int) string {
		return strings.Repeat(`{"a":`, 20) + object(n, `"a":%d`) + strings.Repeat(`,"a":1}`, 20)
	},
	"white space": func(n int) string { return `{"a":` + strings.Repeat(" ", 8*n) + `1}` },
}

func object(n int, member string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, member, i)
	}
	return "{" + b.String() + "}"
}

// hostileReaders read each kind of document.
func hostileReaders() map[string]func(document []byte) {
	o := &OIDC{Issuer: "https://op.example", ClientID: "c", RolesClaim: "roles.a.b"}
	o.ReportTo(slog.New(slog.DiscardHandler))
	token := &idToken{}
	return map[string]func([]byte){
		"metadata": func(d []byte) { o.readMetadata(d) },
		"JWKS":     func(d []byte) { readKeys(d, &o.notes) },
		"ID token": func(d []byte) {
			if document, err := idTokenSchema.read(d, &o.notes); err == nil {
				o.user(token, document)
			}
		},
		"profile": func(d []byte) {
			Profile{User: d}.user("i", Fields{ID: "id", Roles: "roles.name"}, EmailByMember,
				&o.notes)
		},
	}
}

// P13: a document of twice the size takes at most 2.2 times as long. The metric is this ratio.
func BenchmarkDocuments_P13(b *testing.B) {
	for kind, read := range hostileReaders() {
		for shape, make := range hostileDocuments {
			once, twice := []byte(make(4000)), []byte(make(8000))
			b.Run(kind+"/"+shape, func(b *testing.B) {
				for b.Loop() {
					read(twice)
				}
				b.ReportMetric(ratio.Of(func() { read(twice) }, func() { read(once) }), "ratio")
			})
		}
	}
}

// P13: allocations do not depend on the machine.
func TestDocuments_P13_AllocationsAreLinear(t *testing.T) {
	for kind, read := range hostileReaders() {
		for shape, make := range hostileDocuments {
			once, twice := []byte(make(2000)), []byte(make(4000))
			short := testing.AllocsPerRun(1, func() { read(once) })
			long := testing.AllocsPerRun(1, func() { read(twice) })
			if long > 2.2*short+50 {
				t.Errorf("%s, %s: %v allocations, %v for twice the document", kind, shape,
					short, long)
			}
		}
	}
}
