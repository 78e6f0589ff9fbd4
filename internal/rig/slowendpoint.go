package rig

import (
	"net/http"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/authtest"
)

// A SlowEndpoint is an endpoint of the provider that answers when the test sends to Release.
type SlowEndpoint struct {
	Release         chan struct{}
	Arrived         chan struct{} // one value for each request
	Now, Most, Seen atomic.Int32
}

// SlowTokens makes the token endpoint slow.
func SlowTokens(p *authtest.Provider) *SlowEndpoint { return SlowAt(p, "token") }

// SlowAt makes an endpoint slow.
func SlowAt(p *authtest.Provider, slow string) *SlowEndpoint {
	s := &SlowEndpoint{Release: make(chan struct{}), Arrived: make(chan struct{}, 1000)}
	p.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(endpoint string, _ http.ResponseWriter, _ *http.Request) bool {
			if endpoint != slow {
				return false
			}
			s.count()
			s.Arrived <- struct{}{}
			<-s.Release
			s.Now.Add(-1)
			return false
		}
	})
	return s
}

// count notes the arrival of a request: Now are waiting, Most waited at once, Seen arrived so far.
func (s *SlowEndpoint) count() {
	now := s.Now.Add(1)
	for most := s.Most.Load(); now > most; most = s.Most.Load() {
		if s.Most.CompareAndSwap(most, now) {
			break
		}
	}
	s.Seen.Add(1)
}
