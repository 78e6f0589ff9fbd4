package provider_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sallyport-go/sallyport/provider"
)

// R69
func TestDialPublic_R69_Addresses(t *testing.T) {
	for _, host := range []string{
		"1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.255.255",
		"172.32.0.1", "192.0.1.1", "198.17.255.255", "198.20.0.1",
		"223.255.255.255", "168.63.129.15", "2606:4700::1111", "2001:4860:4860::8888",
		"2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2001:200::1", "3ffe::1",
	} {
		network := "tcp4"
		if strings.Contains(host, ":") {
			network = "tcp6"
		}
		if err := provider.DialPublic(network, net.JoinHostPort(host, "443"), nil); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
		"127.0.0.1", "127.255.255.254", "172.16.0.1", "172.31.255.255",
		"192.168.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
		"203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		// metadata services of clouds
		"169.254.0.1", "169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192",
		"168.63.129.16", "fd00:ec2::254",
		"::", "::1", "fe80::1", "fe80::1%eth0", "2606:4700::1111%eth0", "fc00::1", "fd12::1",
		"fec0::1", "ff02::1", "100::1", "5f00::1", "4000::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8",
		"::ffff:0:127.0.0.1",
		"64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::",
		"64:ff9b:1::8.8.8.8", "64:ff9b::1:808:808",
		"2002:7f00:1::", "2002:808:808::", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
		"2001:db8::1", "3fff::1",
	} {
		network := "tcp4"
		if strings.Contains(host, ":") {
			network = "tcp6"
		}
		if err := provider.DialPublic(network, net.JoinHostPort(host, "443"), nil); err == nil {
			t.Errorf("%s is permitted", host)
		}
	}
	for _, target := range [][2]string{
		{"udp4", "8.8.8.8:53"}, {"unix", "/run/x.sock"}, {"tcp", "8.8.8.8:443"},
		{"tcp4", "8.8.8.8"}, {"tcp4", "dns.google:443"}, {"tcp4", ""}, {"tcp6", "[8.8.8.8:443"},
	} {
		if err := provider.DialPublic(target[0], target[1], nil); err == nil {
			t.Errorf("%s %s is permitted", target[0], target[1])
		}
	}
}

// hostile are spellings of this machine's address that some resolvers accept.
func hostile(port string) []string {
	var all []string
	for _, host := range []string{
		"localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.0.0.2", "127.1", "2130706433",
		"0x7f000001", "0177.0.0.1", "0", "0.0.0.0",
		"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]",
		"ip6-localhost",
	} {
		all = append(all, host+":"+port)
	}
	return all
}

// R69: the resolved address decides, not the name.
func TestPublicOnly_R69_ThisMachineIsNotReached(t *testing.T) {
	var reached atomic.Int32
	count := func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			reached.Add(1)
		}
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ConnState = count
	server.Start()
	t.Cleanup(server.Close)
	u, _ := url.Parse(server.URL)
	client := provider.PublicOnly()
	for _, host := range hostile(u.Port()) {
		for _, scheme := range []string{"http://", "https://"} {
			resp, err := client.Get(scheme + host + "/")
			if err == nil {
				resp.Body.Close()
				t.Errorf("%s%s answers %d", scheme, host, resp.StatusCode)
			}
		}
		o := &provider.OIDC{Issuer: "https://" + host, ClientID: "c", HTTPClient: client}
		if err := o.Ready(t.Context()); !errors.Is(err, provider.ErrUnavailable) {
			t.Errorf("issuer at %s: %v", host, err)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	if _, err := client.Get(server.URL); err == nil ||
		!strings.Contains(err.Error(), "public addresses only") {
		t.Errorf("the error does not say why: %v", err)
	}
}

// R69: proxies are ignored, because a proxy could connect to any address.
func TestPublicOnly_R69_NoProxyOfTheEnvironment(t *testing.T) {
	one, other := provider.PublicOnly(), provider.PublicOnly()
	if one.Transport.(*http.Transport).Proxy != nil {
		t.Error("a proxy is used")
	}
	if one.Transport == other.Transport {
		t.Error("clients share a transport that one of them may change")
	}
}

// R69: a name that resolves to a public address when it is checked, and to a private one for the
// connection (DNS rebinding).
func TestDialPublic_R69_Rebinding(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	asked := 0
	resolver := &net.Resolver{PreferGo: true, Dial: fakeDNS(t, func() [4]byte {
		asked++
		return [4]byte{127, 0, 0, 1}
	})}
	checked := ""
	dialer := &net.Dialer{Resolver: resolver}
	if conn, err := dialer.DialContext(t.Context(), "tcp4", "rebind.example:"+port); err != nil {
		t.Fatalf("without the check the connection fails too: %v", err)
	} else {
		checked = conn.RemoteAddr().String()
		conn.Close()
	}
	dialer.Control = provider.DialPublic
	if conn, err := dialer.DialContext(t.Context(), "tcp4", "rebind.example:"+port); err == nil {
		conn.Close()
		t.Errorf("connected to %s", checked)
	}
	if asked < 2 {
		t.Errorf("the name was looked up %d times", asked)
	}
}

// fakeDNS is the Dial of a resolver whose server answers all IPv4 queries with the result of
// answer.
func fakeDNS(t *testing.T, answer func() [4]byte) func(context.Context, string, string) (net.Conn,
	error) {
	return func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		t.Cleanup(func() { here.Close(); there.Close() })
		go func() {
			defer there.Close()
			var size [2]byte // as over TCP, because a pipe is not a packet connection
			if _, err := io.ReadFull(there, size[:]); err != nil {
				return
			}
			query := make([]byte, binary.BigEndian.Uint16(size[:]))
			if _, err := io.ReadFull(there, query); err != nil {
				return
			}
			end := 12
			for query[end] != 0 {
				end += int(query[end]) + 1
			}
			end += 5 // root, type, class
			reply := append([]byte{}, query[:end]...)
			reply[2], reply[3] = 0x81, 0x80 // an answer, recursion available
			clear(reply[6:12])
			if query[end-3] == 1 { // type A
				reply[7] = 1
				ip := answer()
				reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
				reply = append(reply, ip[:]...)
			}
			there.Write(binary.BigEndian.AppendUint16(nil, uint16(len(reply))))
			there.Write(reply)
		}()
		return here, nil
	}
}
