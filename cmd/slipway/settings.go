package main

import (
	"cmp"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app/shim"
)

// settings are what the operator sets, as words: by flags, or by the environment. Secrets come from files, never from either.
type settings struct {
	Listen            string `long:"listen" env:"SLIPWAY_LISTEN" default:":8080" description:"Where webhooks and pages are served."`
	MetricsListen     string `long:"metrics-listen" env:"SLIPWAY_METRICS_LISTEN" default:"127.0.0.1:9090" description:"Where /metrics and profiles are served; empty: nowhere."`
	PublicURL         string `long:"public-url" env:"SLIPWAY_PUBLIC_URL" description:"The address under which people and GitHub reach this server."`
	Data              string `long:"data" env:"SLIPWAY_DATA" default:"/var/lib/slipway" description:"Where everything is kept: database, mirrors, logs, worktrees, artifacts."`
	Allow             string `long:"allow" env:"SLIPWAY_ALLOW" description:"Whom this server serves: owner or owner/repo, separated by commas. Empty: nobody. A name means the repository that had it first; owner/repo#number means that one."`
	RunAs             string `long:"run-as" env:"SLIPWAY_RUN_AS" description:"The user that checks run as (needs root)."`
	DeployAs          string `long:"deploy-as" env:"SLIPWAY_DEPLOY_AS" description:"The user that deployments run as (needs root)."`
	Isolation         string `long:"isolation" env:"SLIPWAY_ISOLATION" description:"none: checks and deployments run as the server's own user and may read all that it can."`
	Secrets           string `long:"secrets" env:"SLIPWAY_SECRETS" description:"The folder with the secrets of deployments, as OWNER/REPO/SERVICE/ENVIRONMENT/NAME."`
	CheckEnv          string `long:"check-env" env:"SLIPWAY_CHECK_ENV" description:"Variables for checks: NAME=value, or NAME to hand on the server's, separated by commas. Nothing secret: whoever opens a pull request can print them."`
	GitHubAPIURL      string `long:"github-api-url" env:"SLIPWAY_GITHUB_API_URL" default:"https://api.github.com/" description:"GitHub's API; of GitHub Enterprise Server https://HOST/api/v3/."`
	GitHubAppID       string `long:"github-app-id" env:"SLIPWAY_GITHUB_APP_ID" description:"The App's number."`
	GitHubKeyFile     string `long:"github-private-key-file" env:"SLIPWAY_GITHUB_PRIVATE_KEY_FILE" description:"The file with the App's private key (PEM)."`
	WebhookSecretFile string `long:"github-webhook-secret-file" env:"SLIPWAY_GITHUB_WEBHOOK_SECRET_FILE" description:"The file with the webhook's secret; two lines while it is changed."`
	CheckSlots        string `long:"check-slots" env:"SLIPWAY_CHECK_SLOTS" default:"2" description:"How many checks run at once."`
	DeploySlots       string `long:"deploy-slots" env:"SLIPWAY_DEPLOY_SLOTS" default:"4" description:"How many deployments run at once. A way back never waits."`
	KeepAge           string `long:"keep-age" env:"SLIPWAY_KEEP_AGE" default:"30d" description:"How long logs, artifacts and worktrees are kept, such as 12h or 30d."`
	KeepSize          string `long:"keep-size" env:"SLIPWAY_KEEP_SIZE" default:"20GB" description:"How much of them is kept, such as 500MB or 20GB."`
	AuditKeyFile      string `long:"audit-key-file" env:"SLIPWAY_AUDIT_KEY_FILE" description:"The file with the Ed25519 key (PEM) that signs receipts; empty: they are chained, and nobody signs them."`
	AuditSignEvery    string `long:"audit-sign-every" env:"SLIPWAY_AUDIT_SIGN_EVERY" default:"20" description:"How many receipts apart the newest is signed; before each deployment it is, too."`
	Guard             string `long:"guard" env:"SLIPWAY_GUARD" default:"10s" description:"For how long after a card has begun to offer another commit an /approve is refused: it may have meant the one before."`
}

// resolved is the settings as values.
type resolved struct {
	listen, metricsListen string
	publicURL             string
	data                  string
	allow                 []allowance
	runAs, deployAs       shim.Isolation
	secrets               string
	checkEnv              map[string]string
	apiURL                string
	appID                 int64
	key                   []byte
	webhookSecrets        []string
	checkSlots            int
	deploySlots           int
	keepAge               time.Duration
	keepSize              int64
	guard                 time.Duration
	auditKey              ed25519.PrivateKey
	auditEvery            int64
}

// problems collects everything that is wrong with the settings, to be said at once.
type problems []string

func (p *problems) add(setting, format string, args ...any) {
	*p = append(*p, setting+": "+fmt.Sprintf(format, args...))
}

// resolve turns words into values and says all that is wrong.
func (s settings) resolve(getenv func(string) string) (resolved, problems) {
	var p problems
	r := resolved{
		listen: s.Listen, metricsListen: s.MetricsListen,
		publicURL: s.publicURL(&p), allow: s.allowed(&p), apiURL: s.api(&p), data: s.dataDir(&p), secrets: s.secretsDir(&p),
		appID: number(&p, "SLIPWAY_GITHUB_APP_ID", s.GitHubAppID, 1, "the App's number, from its settings page"),
		key:   s.key(&p), webhookSecrets: s.webhookSecrets(&p),
		checkSlots:  int(number(&p, "SLIPWAY_CHECK_SLOTS", s.CheckSlots, 1, "how many checks run at once")),
		deploySlots: int(number(&p, "SLIPWAY_DEPLOY_SLOTS", s.DeploySlots, 1, "how many deployments run at once")),
		keepAge:     duration(&p, "SLIPWAY_KEEP_AGE", s.KeepAge), keepSize: size(&p, "SLIPWAY_KEEP_SIZE", s.KeepSize),
		guard: duration(&p, "SLIPWAY_GUARD", s.Guard), auditKey: s.auditKey(&p),
		auditEvery: number(&p, "SLIPWAY_AUDIT_SIGN_EVERY", cmp.Or(s.AuditSignEvery, "20"), 1, "how many receipts apart the newest is signed"),
	}
	r.checkEnv = s.checkEnv(&p, getenv)
	r.runAs, r.deployAs = s.users(&p)
	address(&p, "SLIPWAY_LISTEN", s.Listen)
	if s.MetricsListen != "" {
		address(&p, "SLIPWAY_METRICS_LISTEN", s.MetricsListen)
	}
	return r, p
}

func address(p *problems, name, value string) {
	_, port, err := net.SplitHostPort(value)
	if n, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil {
		p.add(name, "%q is no address to listen on. Write host:port, or :port for all interfaces, with a port up to 65535.", value)
	} else if l, err := net.Listen("tcp", value); err != nil && n != 0 {
		p.add(name, "nothing can listen on %s: %v.", value, reason(err))
	} else if err == nil {
		l.Close()
	}
}

func (s settings) publicURL(p *problems) string {
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.User != nil {
		p.add("SLIPWAY_PUBLIC_URL", "%q is no address. Give the one under which GitHub and people reach this server, such as https://slipway.example.com.", s.PublicURL)
		return ""
	}
	return strings.TrimSuffix(u.String(), "/")
}

func (s settings) api(p *problems) string {
	u, err := url.Parse(s.GitHubAPIURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		p.add("SLIPWAY_GITHUB_API_URL", "%q is no address. It is https://api.github.com/, or https://HOST/api/v3/ of a GitHub Enterprise Server.", s.GitHubAPIURL)
	}
	return s.GitHubAPIURL
}

func (s settings) dataDir(p *problems) string {
	dir, err := filepath.Abs(s.Data)
	if s.Data == "" || err != nil {
		p.add("SLIPWAY_DATA", "name the folder in which everything is kept.")
		return ""
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		p.add("SLIPWAY_DATA", "the folder %s can't be made: %v.", dir, reason(err))
	}
	return dir
}

// reason is what the system said, without what was asked of it.
func reason(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

func (s settings) secretsDir(p *problems) string {
	if s.Secrets == "" {
		return ""
	}
	info, err := os.Stat(s.Secrets)
	switch {
	case err != nil:
		p.add("SLIPWAY_SECRETS", "%v.", err)
	case !info.IsDir():
		p.add("SLIPWAY_SECRETS", "%s is not a folder.", s.Secrets)
	case info.Mode().Perm()&0o007 != 0:
		p.add("SLIPWAY_SECRETS", "%s can be entered by everybody on this machine. Run chmod o= on it.", s.Secrets)
	}
	return s.Secrets
}

// allowName is owner, or owner/repo, as GitHub allows them; with # and its number that very one.
func allowName() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9._-]+)?)(?:#([1-9][0-9]{0,17}))?$`)
}

func (s settings) allowed(p *problems) []allowance {
	var all []allowance
	for _, entry := range strings.Split(s.Allow, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		m := allowName().FindStringSubmatch(entry)
		if m == nil {
			p.add("SLIPWAY_ALLOW", "%q is neither an owner nor an owner/repo. Either may end with # and its number.", entry)
			continue
		}
		id, _ := strconv.ParseInt(m[2], 10, 64) // 0 without one
		all = append(all, allowance{strings.ToLower(m[1]), id})
	}
	return all
}

func (s settings) key(p *problems) []byte {
	data, ok := file(p, "SLIPWAY_GITHUB_PRIVATE_KEY_FILE", s.GitHubKeyFile, "the App's private key, which GitHub gives as a .pem file")
	if block, _ := pem.Decode(data); ok && block == nil {
		p.add("SLIPWAY_GITHUB_PRIVATE_KEY_FILE", "%s holds no PEM key. Use the .pem file as GitHub gave it.", s.GitHubKeyFile)
	}
	return data
}

func (s settings) auditKey(p *problems) ed25519.PrivateKey {
	const name = "SLIPWAY_AUDIT_KEY_FILE"
	if s.AuditKeyFile == "" {
		return nil
	}
	data, ok := file(p, name, s.AuditKeyFile, "the key that signs receipts")
	if !ok {
		return nil
	}
	key, _, err := auditKeys(data)
	if err != nil || key == nil {
		p.add(name, "%s holds no Ed25519 private key in PEM. Make one with `openssl genpkey -algorithm ed25519`.", s.AuditKeyFile)
	}
	return key
}

func (s settings) webhookSecrets(p *problems) []string {
	const name = "SLIPWAY_GITHUB_WEBHOOK_SECRET_FILE"
	data, ok := file(p, name, s.WebhookSecretFile, "the webhook's secret, as set at the App: without one anybody could send events")
	if !ok {
		return nil
	}
	secrets := strings.Fields(string(data))
	switch {
	case len(secrets) == 0:
		p.add(name, "%s is empty. Without a secret anybody could send events.", s.WebhookSecretFile)
	case len(secrets) > 2:
		p.add(name, "%s has %d lines. It holds one secret a line, two while it is being changed.", s.WebhookSecretFile, len(secrets))
	}
	return secrets
}

// file reads a file that holds a secret. It must not be everybody's.
func file(p *problems, name, path, what string) ([]byte, bool) {
	if path == "" {
		p.add(name, "name the file that holds %s.", what)
		return nil, false
	}
	data, err := os.ReadFile(path)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		p.add(name, "%s can't be read: %v. It holds %s.", path, err, what)
		return nil, false
	}
	return data, true
}

// users says as whom programs run. Running them as the server's own user must be somebody's word.
func (s settings) users(p *problems) (checks, deployments shim.Isolation) {
	if s.Isolation != "" && s.Isolation != "none" {
		p.add("SLIPWAY_ISOLATION", "%q is not known. The only word is none: programs may then read all that this server can.", s.Isolation)
	}
	switch {
	case s.Isolation == "none" && s.RunAs == "" && s.DeployAs == "":
		return shim.SameUser(), shim.SameUser()
	case s.Isolation == "none":
		p.add("SLIPWAY_ISOLATION", "none means that nobody else runs programs, so leave SLIPWAY_RUN_AS and SLIPWAY_DEPLOY_AS out.")
		return
	}
	return asUser(p, "SLIPWAY_RUN_AS", s.RunAs, "checks"), asUser(p, "SLIPWAY_DEPLOY_AS", s.DeployAs, "deployments")
}

func asUser(p *problems, setting, name, what string) shim.Isolation {
	if name == "" {
		p.add(setting, "name the user that %s run as and start slipway as root, or set SLIPWAY_ISOLATION=none, which lets them read all that this server can.", what)
		return shim.Isolation{}
	}
	i, err := shim.AsUser(name)
	if err != nil {
		p.add(setting, "%v.", err)
	}
	return i
}

func (s settings) checkEnv(p *problems, getenv func(string) string) map[string]string {
	env := map[string]string{}
	for _, entry := range strings.Split(s.CheckEnv, ",") {
		name, value, given := strings.Cut(strings.TrimSpace(entry), "=")
		switch {
		case name == "" && !given:
		case !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(name) || strings.HasPrefix(name, "SLIPWAY_"):
			p.add("SLIPWAY_CHECK_ENV", "%q can't be the name of a variable for checks.", name)
		case given:
			env[name] = value
		default:
			env[name] = getenv(name)
		}
	}
	return env
}

func number(p *problems, name, value string, least int64, what string) int64 {
	n, err := strconv.ParseInt(value, 10, 64)
	if value == "" {
		p.add(name, "it is not set. It is %s.", what)
	} else if err != nil || n < least {
		p.add(name, "%q is no number from %d on. It is %s.", value, least, what)
	}
	return n
}

// duration reads 10s, 15m, 12h or 30d.
func duration(p *problems, name, value string) time.Duration {
	if days, ok := strings.CutSuffix(value, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100_000 {
			return time.Duration(n) * 24 * time.Hour
		}
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		p.add(name, "%q is no duration. Write it like 10s, 15m, 12h or 30d.", value)
	}
	return d
}

// size reads 500MB or 20GB, in powers of 1,000.
func size(p *problems, name, value string) int64 {
	for _, unit := range []struct {
		suffix string
		bytes  int64
	}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}} {
		if digits, ok := strings.CutSuffix(value, unit.suffix); ok {
			if n, err := strconv.ParseInt(digits, 10, 32); err == nil && n > 0 {
				return n * unit.bytes
			}
		}
	}
	p.add(name, "%q is no size. Write it like 500MB or 20GB.", value)
	return 0
}
