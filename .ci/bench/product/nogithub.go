package product

import (
	"fmt"
	"net"
	"net/http"
	"strings"
)

// NoGitHub is a GitHub API that knows nobody: it refuses the App and finds nothing, at once. It is for what is measured without GitHub. Close
// the listener to end it.
func NoGitHub() (url string, listener net.Listener, err error) {
	listener, err = net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listening for the API: %w", err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusNotFound
		if strings.HasPrefix(r.URL.Path, "/app") {
			status = http.StatusUnauthorized
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"message": %q}`, http.StatusText(status))
	}))
	return "http://" + listener.Addr().String() + "/", listener, nil
}
