package standin_test

import (
	"testing"

	"github.com/slipway-cd/slipway/app/standin"
)

func validated(t *testing.T, opts *standin.Options) {}
