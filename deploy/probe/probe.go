// Package probe looks at what is deployed, over HTTP.
package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
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

// New makes a prober. Each probe has a connection of its own, so that it meets whoever answers now. A redirect is an answer like any other
// that is not 2xx: the address in the file is the one that is meant.
func New(c app.Clock) *HTTP {
	return &HTTP{c, &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, Proxy: nil, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// bodyRead is how much of an answer is read: so that its sender need not be cut off, and no more.
const bodyRead = 64 << 10

// Sample asks once. It answers 2xx: good. It answers anything else, or nobody listens there: bad. No answer in time, no such name, no way
// there: neither, for it says nothing of the release.
func (p *HTTP) Sample(ctx context.Context, v deploy.Verify) deploy.Sample {
	outcome, detail := p.ask(ctx, v)
	return deploy.Sample{At: p.clock.Now(), Outcome: outcome, Detail: detail}
}

func (p *HTTP) ask(ctx context.Context, v deploy.Verify) (app.Outcome, string) {
	client := *p.client
	client.Timeout = v.Timeout
	if client.Timeout <= 0 {
		client.Timeout = 10 * time.Second
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.HTTP, nil)
	if err != nil {
		return app.Inconclusive, "the address can't be asked"
	}
	req.Header.Set("User-Agent", "slipway-probe")
	resp, err := client.Do(req)
	if err != nil {
		return silence(err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, bodyRead))
	if resp.StatusCode/100 == 2 {
		return app.Succeeded, fmt.Sprintf("answered %d", resp.StatusCode)
	}
	return app.Failed, fmt.Sprintf("answered %d", resp.StatusCode)
}

// silence says what an error means for the release.
func silence(err error) (app.Outcome, string) {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var link *url.Error
	switch {
	case errors.As(err, &cert), errors.As(err, &unknown):
		return app.Failed, "its certificate is not valid"
	case errors.As(err, &dns):
		return app.Inconclusive, "its name was not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return app.Failed, "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return app.Failed, "the connection was cut"
	case errors.As(err, &link) && link.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return app.Inconclusive, "no answer in time"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return app.Inconclusive, "there is no way there"
	}
	return app.Inconclusive, "no answer"
}
