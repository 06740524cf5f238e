package standin

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// envelope is a webhook before it is addressed.
type envelope struct {
	event, action string
	installation  *installation
	repo          *Repo
	body          object
}

// delivery is one attempt to send a webhook, and its line in the delivery log.
type delivery struct {
	id                           int64
	guid, event, action          string
	installationID, repositoryID int64
	body                         []byte
	queued                       time.Time
	due                          time.Time // not before, by a fault
	heldBack                     int       // how many later ones go first, by a fault
	lost                         bool      // never sent, by a fault
	redelivery                   bool

	delivered       time.Time
	statusCode      int
	status, url     string
	seconds         float64
	request, answer http.Header
	answerBody      string
}

// hooks sends webhooks one after the other, in the order of what happened, and never sends one twice by itself.
type hooks struct {
	ctx    context.Context
	clock  app.Clock
	client *http.Client
	see    func(event string, body []byte)
	appID  int64

	mu      sync.Mutex
	target  Webhook
	queue   []*delivery
	sending bool
	log     []*delivery
	faults  []*hookFault
	lastID  int64
	changed chan struct{} // closed and replaced at each change
}

// answerWithin is how long GitHub waits for an answer to a webhook.
const answerWithin = 10 * time.Second

func newHooks(ctx context.Context, opts Options) *hooks {
	return &hooks{
		ctx: ctx, clock: opts.Clock, see: opts.OnWebhook, appID: opts.App.ID, target: opts.Webhook, lastID: 70000, changed: make(chan struct{}),
		client: &http.Client{
			Timeout: answerWithin, Transport: &http.Transport{MaxIdleConns: 4},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// SetWebhook says where events go from now on.
func (s *Server) SetWebhook(to Webhook) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.target = to
}

// Quiet waits until no webhook is queued or under way. Those that a fault holds back or delays beyond the present are not waited for.
func (s *Server) Quiet(ctx context.Context) error {
	h := s.hooks
	for {
		h.mu.Lock()
		idle, changed := !h.sending && h.next() == nil, h.changed
		h.mu.Unlock()
		if idle {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for webhooks: %w", ctx.Err())
		case <-s.ctx.Done():
			return fmt.Errorf("waiting for webhooks: the stand-in was closed")
		}
	}
}

func (h *hooks) tell() {
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *hooks) id() int64 {
	h.lastID++
	return h.lastID
}

// add queues deliveries, as the faults in force have it.
func (h *hooks) add(d *delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d.queued = h.clock.Now()
	copies := 1
	for _, f := range h.faults {
		if f.hits(d) {
			d.lost, d.statusCode = f.do.Lose, f.do.Status
			d.heldBack = f.do.HoldBack
			copies += f.do.Copies
			if f.do.Delay > 0 {
				d.due = d.queued.Add(f.do.Delay)
			}
		}
	}
	for range copies {
		one := *d
		one.id = h.id()
		h.queue = append(h.queue, &one)
	}
	h.tell()
}

// next is the first delivery that may go now, or nil.
func (h *hooks) next() *delivery {
	now := h.clock.Now()
	for _, d := range h.queue {
		if d.heldBack <= 0 && !d.due.After(now) {
			return d
		}
	}
	return nil
}

// earliest is when the first delayed delivery comes due.
func (h *hooks) earliest() (at time.Time, any bool) {
	for _, d := range h.queue {
		if d.heldBack <= 0 && (!any || d.due.Before(at)) {
			at, any = d.due, true
		}
	}
	return at, any
}

// work sends what is queued until the server is closed.
func (h *hooks) work() {
	defer h.client.CloseIdleConnections()
	for {
		h.mu.Lock()
		d, changed := h.next(), h.changed
		at, delayed := h.earliest()
		target := h.target
		if d != nil {
			h.take(d)
		}
		h.mu.Unlock()
		if d != nil {
			h.deliver(d, target)
			continue
		}
		var fired <-chan time.Time
		stop := func() {}
		if delayed {
			fired, stop = h.clock.Timer(at)
		}
		select {
		case <-changed:
		case <-fired:
		case <-h.ctx.Done():
			stop()
			return
		}
		stop()
	}
}

// take removes a delivery from the queue. Those before it have been overtaken once more.
func (h *hooks) take(d *delivery) {
	i := slices.Index(h.queue, d)
	for _, earlier := range h.queue[:i] {
		earlier.heldBack--
	}
	h.queue = slices.Delete(h.queue, i, i+1)
	h.sending = true
}

func (h *hooks) deliver(d *delivery, target Webhook) {
	if h.see != nil {
		h.see(d.event, d.body)
	}
	d.delivered, d.url = h.clock.Now(), target.URL
	d.request = h.header(d, target.Secret)
	switch {
	case target.URL == "":
	case d.lost:
		d.status = lostStatus(d.statusCode)
	default:
		h.send(d)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if target.URL != "" {
		h.log = append(h.log, d)
	}
	h.sending = false
	h.tell()
}

func lostStatus(code int) string {
	if code == 0 {
		return "failed to connect to host"
	}
	return fmt.Sprintf("Invalid HTTP Response: %d", code)
}

func (h *hooks) header(d *delivery, secret string) http.Header {
	header := http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"GitHub-Hookshot/standin"}, "Accept": {"*/*"},
		"X-Github-Delivery": {d.guid}, "X-Github-Event": {d.event}, "X-Github-Hook-Id": {strconv.FormatInt(h.appID+1_000_000, 10)},
		"X-Github-Hook-Installation-Target-Id":   {strconv.FormatInt(h.appID, 10)},
		"X-Github-Hook-Installation-Target-Type": {"integration"},
	}
	if secret != "" {
		header.Set("X-Hub-Signature", "sha1="+mac(sha1.New, secret, d.body))
		header.Set("X-Hub-Signature-256", "sha256="+mac(sha256.New, secret, d.body))
	}
	return header
}

func mac(kind func() hash.Hash, secret string, body []byte) string {
	m := hmac.New(kind, []byte(secret))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

func (h *hooks) send(d *delivery) {
	request, err := http.NewRequestWithContext(h.ctx, http.MethodPost, d.url, bytes.NewReader(d.body))
	if err != nil {
		d.status = "invalid url"
		return
	}
	request.Header = d.request.Clone()
	answer, err := h.client.Do(request)
	if err != nil {
		d.status, d.answer = "failed to connect to host", http.Header{}
		if timeout, isTimeout := err.(interface{ Timeout() bool }); isTimeout && timeout.Timeout() {
			d.status = "timed out"
		}
		return
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	d.statusCode, d.status = answer.StatusCode, "OK"
	if !d.ok() {
		d.status = fmt.Sprintf("Invalid HTTP Response: %d", d.statusCode)
	}
	d.answer, d.answerBody, d.seconds = answer.Header, string(body), h.clock.Now().Sub(d.delivered).Seconds()
}

func (d *delivery) ok() bool { return d.statusCode >= 200 && d.statusCode < 300 }

// needs says which permission an event takes, and whether an App gets it without having subscribed.
func needs(event, action string) (permission string, always bool) {
	switch event {
	case "push", "commit_comment":
		return "contents:read", false
	case "pull_request", "pull_request_review", "pull_request_review_comment":
		return "pull_requests:read", false
	case "issue_comment":
		return "issues:read|pull_requests:read", false
	case "check_run":
		return "checks:read", action == "rerequested" || action == "requested_action"
	case "check_suite":
		return "checks:read", action == "requested" || action == "rerequested"
	case "status":
		return "statuses:read", false
	case "merge_group":
		return "merge_queues:read", false
	case "workflow_run", "workflow_job":
		return "actions:read", false
	case "deployment", "deployment_status", "deployment_review", "deployment_protection_rule":
		return "deployments:read", false
	case "repository":
		return "metadata:read", false
	case "installation", "installation_repositories":
		return "", true
	}
	return "", false
}

// emit sends an event of a repository, if the App is installed there, may see it and has subscribed to it.
func (r *Repo) emit(event, action string, sender *account, body object) {
	i := r.server.installationOf(r)
	if i == nil || !i.suspended.IsZero() {
		return
	}
	if action != "" {
		body["action"] = action
	}
	if _, set := body["repository"]; !set {
		body["repository"] = r.eventJSON()
	}
	body["sender"] = r.server.userJSON(sender)
	body["installation"] = object{"id": i.id, "node_id": nodeID("MDIzOk", i.id)}
	if r.owner.kind == "Organization" {
		body["organization"] = r.server.organizationJSON(r.owner)
	}
	r.server.enqueue(envelope{event: event, action: action, installation: i, repo: r, body: body})
}

func (s *Server) enqueue(e envelope) {
	permission, always := needs(e.event, e.action)
	if !s.app.hasPermission(permission) || !always && !slices.Contains(s.app.events, e.event) {
		return
	}
	body, err := json.Marshal(e.body)
	if err != nil { // maps, slices, strings and numbers: a mistake in this package
		panic(err)
	}
	d := &delivery{guid: guid(), event: e.event, action: e.action, body: body, installationID: e.installation.id}
	if e.repo != nil {
		d.repositoryID = e.repo.id
	}
	s.hooks.add(d)
}

func guid() string {
	h := randomHex(16)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
