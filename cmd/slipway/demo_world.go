package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/tools/txtar"

	"github.com/slipway-cd/slipway/app/standin"
)

//go:embed demo.txtar
var demoRepository []byte

// The people of the demo.
const (
	maintainer  = "dana" // may approve
	author      = "ben"  // a maintainer too, whose changes the story is about
	contributor = "cy"   // may write, not approve
	reviewer    = "gil"  // may read, and reviews what goes to partners on GitHub's own page
)

// world is everything that the demo runs on: a stand-in GitHub, a real server, and the places to which the services are deployed.
type world struct {
	dir     string
	github  *standin.Server
	repo    *standin.Repo
	server  *server
	stop    context.CancelFunc
	stopped sync.WaitGroup
	serving error
	ports   map[string]string // of each service
	files   map[string]string // of the repository at first
	log     *os.File
	users   map[string]standin.User
	goEnv   string // what Go needs to build without the network
}

// newWorld makes a world. What was begun is ended if something can't be.
func newWorld(ctx context.Context, dir string) (_ *world, err error) {
	w := &world{dir: dir, ports: map[string]string{}, users: map[string]standin.User{}}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.log, err = os.Create(filepath.Join(dir, "server.log")); err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making the App's key: %w", err)
	}
	secret := randomText()
	if err := w.startGitHub(key, secret); err != nil {
		return nil, err
	}
	if err := w.places(); err != nil {
		return nil, err
	}
	if err := w.startServer(ctx, key, secret); err != nil {
		return nil, err
	}
	return w, w.makeRepository()
}

func randomText() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}

func (w *world) startGitHub(key *rsa.PrivateKey, secret string) (err error) {
	w.github, err = standin.New(standin.Options{
		Dir: filepath.Join(w.dir, "github"), Clock: clock{}, App: standin.App{ID: 1, Slug: "slipway", Key: key},
		Webhook: standin.Webhook{Secret: secret},
	})
	if err != nil {
		return fmt.Errorf("starting the stand-in GitHub: %w", err)
	}
	return nil
}

// places makes a folder for each service and gives it a port. The secrets of its environment say where it is.
func (w *world) places() error {
	for _, service := range []string{"web", "payments", "partners"} {
		port, err := freePort()
		if err != nil {
			return err
		}
		w.ports[service] = port
		target := w.running(service)
		secrets := filepath.Join(w.dir, "secrets", "acme", "shop", service, "production")
		for _, dir := range []string{target, secrets} {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return err
			}
		}
		for name, value := range map[string]string{"TARGET": target, "PORT": port} {
			if err := os.WriteFile(filepath.Join(secrets, name), []byte(value+"\n"), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// running is the folder in which a service runs.
func (w *world) running(service string) string { return filepath.Join(w.dir, "running", service) }

// freePort is a port of the loopback interface that nobody uses now.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// startServer starts the real server, wired as serve wires it.
func (w *world) startServer(ctx context.Context, key *rsa.PrivateKey, secret string) error {
	keyFile, secretFile := filepath.Join(w.dir, "app.pem"), filepath.Join(w.dir, "webhook.secret")
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	signing, err := newAuditKey()
	if err != nil {
		return err
	}
	for path, text := range map[string][]byte{keyFile: block, secretFile: []byte(secret + "\n"), w.auditKey(): signing} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	env, err := goEnvironment(ctx)
	if err != nil {
		return err
	}
	w.goEnv = env
	port, err := freePort()
	if err != nil {
		return err
	}
	set, problems := settings{
		Listen: "127.0.0.1:" + port, PublicURL: "http://127.0.0.1:" + port, Data: w.data(), Allow: "acme",
		Isolation: "none", Secrets: filepath.Join(w.dir, "secrets"), CheckEnv: env, GitHubAPIURL: w.github.URL() + "/", GitHubAppID: "1",
		GitHubKeyFile: keyFile, WebhookSecretFile: secretFile, CheckSlots: "2", DeploySlots: "4", KeepAge: "30d", KeepSize: "1GB", Guard: "100ms",
		AuditKeyFile: w.auditKey(), AuditSignEvery: "20",
	}.resolve(os.Getenv)
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	if w.server, err = newServer(ctx, set, surroundings{clock: clock{}, log: w.log, level: slog.LevelInfo}); err != nil {
		return err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = stop
	w.stopped.Go(func() { w.serving = w.server.run(running) })
	w.github.SetWebhook(standin.Webhook{URL: set.publicURL + "/webhook", Secret: secret})
	return nil
}

// goEnvironment is what checks need so that Go builds without the network and with a warm cache.
func goEnvironment(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOCACHE", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("the demo builds a small Go service, so it needs the go command: %w", err)
	}
	cache, root, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	path := filepath.Join(root, "bin") + ":/usr/local/bin:/usr/bin:/bin"
	return "PATH=" + path + ",GOCACHE=" + cache + ",GOPROXY=off,GOTOOLCHAIN=local,GOFLAGS=-buildvcs=false,CGO_ENABLED=0", nil
}

// makeRepository makes the people and an empty repository, for which the App is installed.
func (w *world) makeRepository() error {
	for _, login := range []string{maintainer, author, contributor, reviewer} {
		user, err := w.github.AddUser(login)
		if err != nil {
			return err
		}
		w.users[login] = user
	}
	repo, err := w.github.CreateRepository("acme", "shop", standin.RepoOptions{Private: true, Organization: true})
	if err != nil {
		return fmt.Errorf("making the repository: %w", err)
	}
	w.repo = repo
	if _, err := w.github.Install("acme"); err != nil {
		return fmt.Errorf("installing the App: %w", err)
	}
	for login, role := range map[string]string{maintainer: "maintain", author: "maintain", contributor: "write", reviewer: "read"} {
		if err := repo.SetRole(login, role); err != nil {
			return err
		}
	}
	w.files = map[string]string{}
	fill := strings.NewReplacer("WEB_PORT", w.ports["web"], "PAYMENTS_PORT", w.ports["payments"])
	for _, f := range txtar.Parse(demoRepository).Files {
		w.files[f.Name] = fill.Replace(string(f.Data))
	}
	_, err = repo.Commit(maintainer, "main", "Say what this is", map[string]string{"README.md": w.files["README.md"]})
	return err
}

// close ends everything that was begun, the deployed services too.
func (w *world) close() {
	if w.stop != nil {
		w.stop()
		w.stopped.Wait()
	} else if w.server != nil {
		w.server.close()
	}
	if w.github != nil {
		w.github.Close()
	}
	for service := range w.ports {
		w.kill(service)
	}
	if w.log != nil {
		w.log.Close()
	}
}

// kill ends a deployed service: it outlives the server, as it should, but not the demo.
func (w *world) kill(service string) {
	text, err := os.ReadFile(filepath.Join(w.running(service), "pid"))
	if err != nil {
		return
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 1 {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

// invite says how to go on by hand.
func (w *world) invite(out io.Writer) {
	fmt.Fprintf(out, "\nEverything is still running. Ctrl-C ends it.\n\n")
	fmt.Fprintf(out, "  GitHub's page of the repository  %s\n", w.repo.PageURL())
	fmt.Fprintf(out, "  web, payments, partners          http://127.0.0.1:%s/  http://127.0.0.1:%s/  http://127.0.0.1:%s/\n", w.ports["web"], w.ports["payments"], w.ports["partners"])
	fmt.Fprintf(out, "  the server's log                 %s\n\n", w.log.Name())
	fmt.Fprintf(out, "Push to it as %s:\n\n  git clone %s\n\n", author, w.repo.CloneURL(author))
	fmt.Fprintf(out, "What GitHub's own pages would do is done by its API. To open a pull request of the branch change, to merge it, and to say something on it:\n\n")
	api := w.repo.APIURL()
	for _, call := range []struct{ who, method, path, body string }{
		{author, "POST", "/pulls", `{"title": "A change", "head": "change", "base": "main"}`},
		{maintainer, "PUT", "/pulls/NUMBER/merge", `{"merge_method": "squash"}`},
		{maintainer, "POST", "/issues/NUMBER/comments", `{"body": "/approve"}`},
	} {
		fmt.Fprintf(out, "  curl -X %s -H 'Authorization: Bearer %s' %s%s -d '%s'\n", call.method, w.repo.Token(call.who), api, call.path, call.body)
	}
}
