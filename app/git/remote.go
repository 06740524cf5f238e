package git

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// helper is a credential helper that reads the token from descriptor 3, once, with what every shell has built in. The token is in no
// environment and on no command line.
const helper = `!f() { test "$1" = get && IFS= read -r t <&3 && printf 'username=x-access-token\npassword=%s\n' "$t"; }; f`

// runRemote calls git on a mirror and its remote.
func (g *Git) runRemote(ctx context.Context, m *mirror, remote Remote, args []string) ([]byte, error) {
	origin, err := checkRemote(remote)
	if err != nil {
		return nil, err
	}
	c := command{gitDir: m.dir, args: args}
	if remote.Token != "" {
		pipe, err := pipeOf(remote.Token + "\n")
		if err != nil {
			return nil, fmt.Errorf("handing git its token: %w", err)
		}
		defer pipe.Close()
		c.pipe = pipe
		// Bound to the origin: whoever is redirected elsewhere asks in vain.
		c.config = []string{"credential." + origin + ".helper=" + helper, "http.proactiveAuth=basic"}
	}
	out, err := g.run(ctx, c)
	return out, g.classify(remote, err)
}

// checkRemote returns the scheme and host of a remote that git may talk to.
func checkRemote(r Remote) (origin string, err error) {
	u, err := url.Parse(r.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		// The address is not repeated: it may hold a password.
		return "", invalid("reading the remote's address", "it must be http or https, without a user")
	}
	if strings.ContainsAny(r.Token, "\r\n\x00") {
		return "", invalid("reading the remote's token", "it has a line break")
	}
	return u.Scheme + "://" + u.Host, nil
}

// pipeOf is the reading end of a pipe that holds a short text. It must fit the pipe's buffer: 64 KiB on Linux.
func pipeOf(text string) (*os.File, error) {
	if len(text) > 32<<10 {
		return nil, errors.New("the token is too long")
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	_, err = write.WriteString(text)
	if err := errors.Join(err, write.Close()); err != nil {
		return nil, errors.Join(err, read.Close())
	}
	return read, nil
}

// classify finds the kind of a failed call to a remote. Git's exit code is 128 for all of them and it has no porcelain here, so its
// own lines are read, in the untranslated form that LC_ALL=C gives; what the remote says begins with "remote:" and is not looked at.
func (g *Git) classify(remote Remote, err error) error {
	exit := (*exitError)(nil)
	if !errors.As(err, &exit) {
		return err
	}
	exit.stderr = redact(exit.stderr, remote.Token)
	var until time.Time
	kind := kindOf(exit.stderr)
	if kind == app.ErrLimited {
		until = g.clock.Now().Add(time.Minute)
	}
	cause := error(exit)
	if complains(exit.stderr, missingCommit) {
		cause = fmt.Errorf("%w: %w", ErrNoCommit, err)
	}
	return &app.Error{Op: "talking to the remote", Kind: kind, Until: until, Err: cause}
}

// What git complains of, as the beginnings of its lines tell. They are read where something failed, so nothing is prepared for it.
const (
	missingCommit = `(?m)^(fatal|error): .*(not our ref|unadvertised object)`
	notFound      = `(?m)^fatal: (repository '.*' not found|couldn't find remote ref)`
	denied        = `(?m)^fatal: (Authentication failed|could not read (Username|Password))`
	httpStatus    = `(?m)^(?:fatal|error): .*(?:returned error: |RPC failed; HTTP )(\d{3})`
	diskFull      = `(?m)^(fatal|error): .*(No space left on device|Disk quota exceeded)`
	broken        = `(?m)^(fatal|error): .*(unable to access|RPC failed|early EOF|hung up|unexpected disconnect|bad line length|` +
		`expected (flush|response end)|remote error|invalid index-pack output|protocol error|not valid: is this a git repository)`
)

// complains says whether git said something that a pattern describes.
func complains(stderr, pattern string) bool { return regexp.MustCompile(pattern).MatchString(stderr) }

func kindOf(stderr string) app.ErrorKind {
	switch {
	case complains(stderr, diskFull):
		return app.ErrOther
	case complains(stderr, missingCommit), complains(stderr, notFound):
		return app.ErrNotFound
	case complains(stderr, denied):
		return app.ErrDenied
	}
	if found := regexp.MustCompile(httpStatus).FindStringSubmatch(stderr); found != nil {
		code, _ := strconv.Atoi(found[1])
		return kindOfStatus(code)
	}
	if complains(stderr, broken) {
		return app.ErrUnreachable
	}
	return app.ErrOther
}

func kindOfStatus(code int) app.ErrorKind {
	switch {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return app.ErrDenied
	case code == http.StatusNotFound, code == http.StatusGone:
		return app.ErrNotFound
	case code == http.StatusTooManyRequests:
		return app.ErrLimited
	case code == http.StatusRequestTimeout, code >= 500:
		return app.ErrUnreachable
	}
	return app.ErrOther
}

// redact removes a token in all forms in which a remote or a proxy could send it back.
func redact(text, token string) string {
	if token == "" {
		return text
	}
	basic := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token))
	return strings.NewReplacer(token, "[token]", url.QueryEscape(token), "[token]", url.PathEscape(token), "[token]", basic, "[token]").Replace(text)
}
