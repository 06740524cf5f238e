package standin_test

import (
	"net/http"
	"testing"

	"github.com/slipway-cd/slipway/app/standin"
	"github.com/slipway-cd/slipway/app/standin/contract"
)

// validated holds every request, answer and webhook against GitHub's own descriptions.
func validated(t *testing.T, opts *standin.Options) {
	rules := contract.New(t)
	opts.OnWebhook = rules.Webhook
	if opts.Wrap == nil {
		opts.Wrap = rules.Wrap
	}
}

// unruly is for tests that send what GitHub refuses, which the contract would report: the stand-in has to refuse it by itself.
func unruly(opts *standin.Options) {
	opts.Wrap = func(h http.Handler) http.Handler { return h }
}
