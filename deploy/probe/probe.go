// Package probe looks at what is deployed, over HTTP.
package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// HTTP asks addresses. It is safe for concurrent use, and is a deploy.Prober.
type HTTP struct {
	clock  app.Clock
	client *http.Client
}

var _ deploy.Prober = (*HTTP)(nil)

// New makes a prober. Each probe has a connection of its own, so that it meets whoever answers now, and goes there directly, through no proxy.
// A redirect is not followed and is not good: the address in the file is the one that is meant, and what answers elsewhere says nothing of it.
func New(c app.Clock) *HTTP {
	return &HTTP{c, &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, Proxy: nil, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// bodyRead is how much of an answer is read, in bytes: so that its sender need not be cut off, and no more.
const bodyRead = 64 << 10

// limit is how long a probe may take: nothing is waited for without end.
func limit(v deploy.Verify) time.Duration {
	if v.Timeout <= 0 {
		return 10 * time.Second
	}
	return v.Timeout
}

// Sample asks once, with GET, and takes at most v.Timeout of the machine's time; its own time is when it began to ask, so that time from one
// probe to the next does not depend on how long answers take.
//
// Succeeded: it answers 2xx. Failed: something says no, which is any other answer, what is not HTTP, a certificate that is not valid, a
// connection that is refused or cut. Inconclusive: nothing says yes or no, for there is no answer in time, no such name or no way there.
func (p *HTTP) Sample(ctx context.Context, v deploy.Verify) deploy.Sample {
	at := p.clock.Now()
	outcome, detail := p.ask(ctx, v)
	return deploy.Sample{At: at, Outcome: outcome, Detail: detail}
}

func (p *HTTP) ask(ctx context.Context, v deploy.Verify) (app.Outcome, string) {
	client := *p.client
	client.Timeout = limit(v)
	var answers atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: func() { answers.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.HTTP, nil)
	if err != nil {
		return app.Inconclusive, "the address can't be asked"
	}
	req.Header.Set("User-Agent", "slipway-probe")
	resp, err := client.Do(req)
	if err != nil {
		return silence(err, answers.Load())
	}
	defer resp.Body.Close()
	said := fmt.Sprintf("answered %d", resp.StatusCode)
	switch resp.StatusCode / 100 {
	case 2:
		return whole(resp.Body, said)
	case 3:
		return app.Failed, said + " (redirects are not followed)"
	}
	return app.Failed, said
}

// whole judges a good answer by whether it comes to its end.
func whole(body io.Reader, said string) (app.Outcome, string) {
	_, err := io.Copy(io.Discard, io.LimitReader(body, bodyRead))
	switch {
	case err == nil:
		return app.Succeeded, said
	case timedOut(err):
		return app.Inconclusive, said + ", but not to its end in time"
	}
	return app.Failed, said + ", but the connection was cut"
}

// silence says what an error means for the release; answers tells whether anything came back.
func silence(err error, answers bool) (app.Outcome, string) {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var op *net.OpError
	var notTLS tls.RecordHeaderError
	switch {
	case errors.As(err, &certificate):
		return app.Failed, "its certificate is not valid"
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &notTLS):
		return app.Failed, "it does not speak HTTPS"
	case errors.As(err, &op) && op.Op == "remote error": // an alert of its TLS
		return app.Failed, "it refused a secure connection"
	case errors.As(err, &dns) && dns.IsNotFound:
		return app.Inconclusive, "its name was not found"
	case errors.As(err, &dns):
		return app.Inconclusive, "its name could not be looked up"
	case errors.Is(err, syscall.ECONNREFUSED):
		return app.Failed, "connection refused"
	case cut(err):
		return app.Failed, "the connection was cut"
	case timedOut(err):
		return app.Inconclusive, "no answer in time"
	case noWay(err):
		return app.Inconclusive, "there is no way there"
	case answers:
		return app.Failed, "it answered with what is not HTTP"
	}
	return app.Inconclusive, "no answer"
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

func cut(err error) bool {
	return isAny(err, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE)
}

func noWay(err error) bool {
	return isAny(err, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN, syscall.EADDRNOTAVAIL, syscall.EACCES, syscall.EPERM)
}

func isAny(err error, all ...error) bool {
	for _, e := range all {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
