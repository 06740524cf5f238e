package main

import (
	"net/http"
	"net/http/pprof"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/slipway-cd/slipway/app/github"
)

// numbers is what the operator watches. It holds no names of repositories, so that it can be read by whoever runs the machine.
type numbers struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	letters  *prometheus.CounterVec
	aside    *prometheus.CounterVec
	work     *prometheus.CounterVec
	events   *prometheus.CounterVec
	against  prometheus.Counter
}

func newNumbers() *numbers {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "slipway_" + name, Help: help}, labels)
	}
	n := &numbers{
		registry: prometheus.NewRegistry(),
		calls:    counter("github_requests_total", "Requests to GitHub by what they cost and their status.", "kind", "status"),
		letters:  counter("messages_total", "Messages that machines took in.", "message"),
		aside:    counter("messages_set_aside_total", "Messages that could not be taken in and wait for the operator.", "message"),
		work:     counter("work_total", "Rows that were worked on, by task and whether they failed.", "task", "failed"),
		events:   counter("webhooks_total", "Webhook deliveries by the status that they were answered with.", "status"),
	}
	n.against = prometheus.NewCounter(prometheus.CounterOpts{Name: "slipway_overrides_total", Help: "Releases that went out against their gate."})
	n.registry.MustRegister(n.calls, n.letters, n.aside, n.work, n.events, n.against,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return n
}

// call counts a request to GitHub.
func (n *numbers) call(c github.Call) {
	n.calls.WithLabelValues(string(c.Kind), strconv.Itoa(c.Status)).Inc()
}

// Stepped counts a message.
func (n *numbers) Stepped(name string) { n.letters.WithLabelValues(name).Inc() }

// SetAside counts a message that nobody could take in.
func (n *numbers) SetAside(name string) { n.aside.WithLabelValues(name).Inc() }

// Worked counts a row that was worked on.
func (n *numbers) Worked(task string, failed bool) {
	n.work.WithLabelValues(task, strconv.FormatBool(failed)).Inc()
}

// Overrode counts a release that went out against its gate.
func (n *numbers) Overrode() { n.against.Inc() }

// answered counts a webhook.
func (n *numbers) answered(status int) { n.events.WithLabelValues(strconv.Itoa(status)).Inc() }

// handler serves metrics and profiles. It is for a listener of its own.
func (n *numbers) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(n.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
