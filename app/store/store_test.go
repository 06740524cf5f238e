package store

import (
	"path/filepath"
	"testing"

	"github.com/slipway-cd/slipway/app/store/storetest"
)

func path(tb testing.TB) string { return filepath.Join(tb.TempDir(), "slipway.db") }

// TestConformance holds SQLite to what every store must do.
func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return openAt(t, path(t)) })
}
