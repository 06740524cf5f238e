package program

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Main is a benchmark's main function: it runs until it ends or is interrupted, and says on standard error what went wrong.
func Main(name string, run func(ctx context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}
