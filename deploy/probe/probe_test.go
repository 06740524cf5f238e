package probe

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/deploy"
)

func clock() *apptest.Clock { return apptest.NewClock(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)) }

// quiet is what servers complain to whose clients are cut off.
func quiet(s *httptest.Server) { s.Config.ErrorLog = log.New(io.Discard, "", 0) }

// service answers in every way that there is.
func service(t *testing.T) *httptest.Server {
	over := make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
			w.WriteHeader(http.StatusNoContent)
		case "/partial":
			w.WriteHeader(http.StatusPartialContent)
		case "/moved":
			http.Redirect(w, r, "/ok", http.StatusFound)
		case "/early":
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
		case "/gone":
			w.WriteHeader(http.StatusNotFound)
		case "/sick":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/panic":
			panic(http.ErrAbortHandler)
		case "/reset":
			c, _, _ := w.(http.Hijacker).Hijack()
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		case "/gibberish":
			c, _, _ := w.(http.Hijacker).Hijack()
			fmt.Fprint(c, "SSH-2.0-OpenSSH\r\n")
			c.Close()
		case "/short":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "less")
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		case "/stuck":
			w.(http.Flusher).Flush()
			wait(over, r)
		case "/headers":
			w.Header().Set("X", strings.Repeat("x", 100<<10))
		case "/hang":
			wait(over, r)
		}
	}))
	quiet(s)
	s.Start()
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(over) })
	return s
}

func wait(over chan struct{}, r *http.Request) {
	select {
	case <-over:
	case <-r.Context().Done():
	}
}

// TestAnswers (no data counts as failure, or as success): yes is 2xx, no is what somebody says, and all else is neither.
func TestAnswers(t *testing.T) {
	s := service(t)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	quiet(secure)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	for _, test := range []struct {
		address string
		want    app.Outcome
		detail  string
	}{
		{s.URL + "/ok", app.Succeeded, "answered 204"},
		{s.URL + "/partial", app.Succeeded, "answered 206"},
		{s.URL + "/early", app.Succeeded, "answered 200"},
		{s.URL + "/endless", app.Succeeded, "answered 200"},
		{s.URL + "/moved", app.Failed, "answered 302 (redirects are not followed)"},
		{s.URL + "/gone", app.Failed, "answered 404"},
		{s.URL + "/sick", app.Failed, "answered 503"},
		{s.URL + "/panic", app.Failed, "the connection was cut"},
		{s.URL + "/reset", app.Failed, "the connection was cut"},
		{s.URL + "/gibberish", app.Failed, "it answered with what is not HTTP"},
		{s.URL + "/headers", app.Failed, "it answered with what is not HTTP"},
		{s.URL + "/short", app.Failed, "answered 200, but the connection was cut"},
		{s.URL + "/stuck", app.Inconclusive, "answered 200, but not to its end in time"},
		{s.URL + "/hang", app.Inconclusive, "no answer in time"},
		{"http://" + nobody, app.Failed, "connection refused"},
		{"https://" + nobody, app.Failed, "connection refused"},
		{secure.URL, app.Failed, "its certificate is not valid"},
		{"https://" + strings.TrimPrefix(s.URL, "http://"), app.Failed, "it does not speak HTTPS"},
		{"http://" + strings.TrimPrefix(secure.URL, "https://"), app.Failed, "answered 400"},
		{"http://a b/", app.Inconclusive, "the address can't be asked"},
		{"gopher://x/", app.Inconclusive, "no answer"},
	} {
		t.Run(test.address, func(t *testing.T) {
			t.Parallel()
			timeout := 5 * time.Second
			if test.want == app.Inconclusive {
				timeout = 300 * time.Millisecond
			}
			c := clock()
			got := New(c).Sample(t.Context(), deploy.Verify{HTTP: test.address, Timeout: timeout})
			if got != (deploy.Sample{At: c.Now(), Outcome: test.want, Detail: test.detail}) {
				t.Errorf("%+v, want %s, %s", got, test.want, test.detail)
			}
		})
	}
}

// TestSecure: with certificates that hold, TLS is no obstacle; a server that wants one of the client's says no.
func TestSecure(t *testing.T) {
	for detail, auth := range map[string]tls.ClientAuthType{"answered 200": tls.NoClientCert, "it refused a secure connection": tls.RequireAnyClientCert} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		quiet(s)
		s.TLS = &tls.Config{ClientAuth: auth}
		s.StartTLS()
		p := New(clock())
		p.client.Transport.(*http.Transport).TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig
		got := p.Sample(t.Context(), deploy.Verify{HTTP: s.URL, Timeout: 5 * time.Second})
		if (got.Outcome == app.Succeeded) != (auth == tls.NoClientCert) || got.Outcome == app.Inconclusive || got.Detail != detail {
			t.Errorf("%+v, want %s", got, detail)
		}
		s.Close()
	}
}

// nameServer is a DNS server on loopback that knows no name, or never answers.
func nameServer(t *testing.T, answers bool) *net.Resolver {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		for {
			query := make([]byte, 512)
			n, from, err := conn.ReadFrom(query)
			if err != nil {
				return
			}
			if answers {
				binary.BigEndian.PutUint16(query[2:], 0x8183) // an answer: there is no such name
				conn.WriteTo(query[:n], from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// TestNames: that a name is not found says nothing of the release.
func TestNames(t *testing.T) {
	for answers, detail := range map[bool]string{true: "its name was not found", false: "its name could not be looked up"} {
		p := New(clock())
		p.client.Transport.(*http.Transport).DialContext = (&net.Dialer{Resolver: nameServer(t, answers)}).DialContext
		got := p.Sample(t.Context(), deploy.Verify{HTTP: "http://web.example./", Timeout: time.Second})
		if got.Outcome != app.Inconclusive || got.Detail != detail && (answers || got.Detail != "no answer in time") {
			t.Errorf("%+v, want %s", got, detail)
		}
	}
}

// TestNoWay: that the network does not lead there says nothing of the release either.
func TestNoWay(t *testing.T) {
	for errno, want := range map[syscall.Errno]deploy.Sample{
		syscall.EHOSTUNREACH: {Outcome: app.Inconclusive, Detail: "there is no way there"},
		syscall.ENETUNREACH:  {Outcome: app.Inconclusive, Detail: "there is no way there"},
		syscall.ETIMEDOUT:    {Outcome: app.Inconclusive, Detail: "no answer in time"},
		syscall.EMFILE:       {Outcome: app.Inconclusive, Detail: "no answer"},
		syscall.ECONNREFUSED: {Outcome: app.Failed, Detail: "connection refused"},
		syscall.ECONNRESET:   {Outcome: app.Failed, Detail: "the connection was cut"},
	} {
		p := New(clock())
		p.client.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
		}
		got := p.Sample(t.Context(), deploy.Verify{HTTP: "http://127.0.0.1/", Timeout: time.Second})
		if got.Outcome != want.Outcome || got.Detail != want.Detail {
			t.Errorf("%v: %+v, want %+v", errno, got, want)
		}
	}
}

// TestMeetsTheNewest: each probe has its own connection, and says who asks.
func TestMeetsTheNewest(t *testing.T) {
	var connections atomic.Int32
	asked := make(chan *http.Request, 2)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r }))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	p := New(clock())
	for range 2 {
		if got := p.Sample(t.Context(), deploy.Verify{HTTP: s.URL, Timeout: 5 * time.Second}); got.Outcome != app.Succeeded {
			t.Errorf("%+v", got)
		}
		if r := <-asked; r.Method != http.MethodGet || r.UserAgent() != "slipway-probe" || !r.Close {
			t.Errorf("it asks %+v", r)
		}
	}
	if n := connections.Load(); n != 2 {
		t.Errorf("2 probes over %d connections", n)
	}
}

// TestNoProxy: a proxy in the server's environment is not what is asked about.
func TestNoProxy(t *testing.T) {
	if New(clock()).client.Transport.(*http.Transport).Proxy != nil {
		t.Error("it asks a proxy")
	}
}

// TestWhenItWasAsked: a probe's time is when it began, however long the answer takes.
func TestWhenItWasAsked(t *testing.T) {
	c := clock()
	began := c.Now()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { c.Advance(time.Minute) }))
	defer s.Close()
	if got := New(c).Sample(t.Context(), deploy.Verify{HTTP: s.URL, Timeout: 5 * time.Second}); got.Outcome != app.Succeeded || !got.At.Equal(began) {
		t.Errorf("%+v, want it at %v", got, began)
	}
}

// TestInterrupted: a probe that is broken off by who asked says neither.
func TestInterrupted(t *testing.T) {
	s := service(t)
	ctx, cancel := context.WithCancel(t.Context())
	p := New(clock())
	p.client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		defer cancel()
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	if got := p.Sample(ctx, deploy.Verify{HTTP: s.URL + "/hang", Timeout: time.Minute}); got.Outcome != app.Inconclusive {
		t.Errorf("%+v", got)
	}
}

func TestLimit(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{0: 10 * time.Second, -1: 10 * time.Second, time.Second: time.Second} {
		if got := limit(deploy.Verify{Timeout: given}); got != want {
			t.Errorf("%v: %v", given, got)
		}
	}
}
