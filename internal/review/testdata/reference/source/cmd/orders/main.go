// Command orders takes orders. Its configuration is its environment.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	store := open(os.Getenv("DB_HOST"), os.Getenv("DB_PASSWORD"))
	server := &http.Server{Addr: ":" + os.Getenv("PORT"), Handler: otelhttp.NewHandler(routes(store, log), "orders")}
	go func() {
		<-ctx.Done()
		deadline, cancel := context.WithTimeout(context.Background(), 50*time.Second)
		defer cancel()
		_ = server.Shutdown(deadline)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Error("ended", "error", err)
		os.Exit(1)
	}
}
