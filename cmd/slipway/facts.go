package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/store"
	"github.com/slipway-cd/slipway/handlers"
	"github.com/slipway-cd/slipway/policies"
)

// factsFrom is where a command has facts from: a server that runs on this machine, or a file.
type factsFrom struct {
	Facts  string `long:"facts" value-name:"FILE" description:"Facts that explain --json wrote, or those of a receipt; - reads them from its input."`
	Data   string `long:"data" env:"SLIPWAY_DATA" default:"/var/lib/slipway" description:"The folder of the server that is asked."`
	Listen string `long:"listen" env:"SLIPWAY_LISTEN" default:":8080" description:"Where that server listens."`
	Args   struct {
		Commit string   `positional-arg-name:"COMMIT" description:"At least 7 digits; not with --facts."`
		Where  []string `positional-arg-name:"SERVICE|ENVIRONMENT" description:"Only there."`
	} `positional-args:"yes"`
}

// asking is how long a server may take: it asks GitHub.
const asking = 70 * time.Second

// read gives the facts of each lane that is meant.
func (c factsFrom) read(ctx context.Context) (all []policies.Facts, err error) {
	where := c.Args.Where
	if c.Facts != "" {
		if c.Args.Commit != "" {
			where = append([]string{c.Args.Commit}, where...) // no commit is asked for, so the first word is a place too
		}
		all, err = c.stored()
	} else {
		all, err = c.live(ctx)
	}
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(f policies.Facts) bool {
		return slices.ContainsFunc(where, func(w string) bool { return w != f.Service && w != f.Environment })
	})
	if len(all) == 0 {
		return nil, failure{exitFailed, fmt.Sprintf("nothing of it is judged in %s", strings.Join(where, " "))}
	}
	return all, nil
}

// stored reads a file of facts: of one lane, or a list.
func (c factsFrom) stored() (all []policies.Facts, err error) {
	var data []byte
	if c.Facts == "-" {
		data, err = io.ReadAll(os.Stdin)
	} else {
		data, err = os.ReadFile(c.Facts)
	}
	if err != nil {
		return nil, failure{exitUsage, fmt.Sprintf("reading the facts: %v", err)}
	}
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		data = slices.Concat([]byte("["), data, []byte("]"))
	}
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields() // a name that is misspelt would be a fact that is not known
	if err := strict.Decode(&all); err != nil {
		return nil, failure{exitUsage, fmt.Sprintf("%s holds no facts as slipway explain --json writes them: %v", c.Facts, err)}
	}
	return all, nil
}

// live asks the server, under an address that only whoever can read its folder can make.
func (c factsFrom) live(ctx context.Context) ([]policies.Facts, error) {
	at, err := placed(ctx, c.Data, c.Args.Commit)
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(filepath.Join(c.Data, pagesKey))
	if err != nil {
		return nil, failure{exitUsage, fmt.Sprintf("reading the key of the server's addresses: %v. Name its folder with --data", err)}
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, failure{exitUsage, fmt.Sprintf("--listen %s: %v", c.Listen, err)}
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	signer, err := handlers.NewSigner("http://"+net.JoinHostPort(host, port), key)
	if err != nil {
		return nil, err
	}
	data, err := fetched(ctx, signer.Facts(at.Repo, at.Commit.SHA), host+":"+port)
	if errors.Is(err, errNothingThere) {
		return nil, failure{exitFailed, fmt.Sprintf("no lane has %s: it changes nothing that is deployed, its checks have not passed, or the server has not come to it yet",
			at.Commit.SHA.Short())}
	}
	if err != nil {
		return nil, err
	}
	var all []policies.Facts
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("reading what the server answers: %w", err)
	}
	return all, nil
}

var errNothingThere = errors.New("nothing is there")

// fetched is what the server answers under an address. The address is a secret, so no error names it.
func fetched(ctx context.Context, address, server string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("asking the server at %s: its address can't be used", server)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, failure{exitFailed, fmt.Sprintf("the server at %s does not answer: %v. Does it run? Name where it listens with --listen", server, errors.Unwrap(err))}
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return io.ReadAll(resp.Body)
	case http.StatusNotFound:
		return nil, errNothingThere
	}
	return nil, failure{exitFailed, fmt.Sprintf("the server at %s answers %s; its log says why", server, resp.Status)}
}

// placed is the one commit of a default branch whose name begins so.
func placed(ctx context.Context, data, prefix string) (store.Placed, error) {
	prefix = strings.ToLower(prefix)
	if len(prefix) < 7 || len(prefix) > 40 || !app.IsHex(prefix) {
		return store.Placed{}, failure{exitUsage, "name a commit: at least 7 of its digits. Or name a file of facts with --facts"}
	}
	found, err := store.FindPlaced(ctx, filepath.Join(data, databaseFile), prefix)
	switch {
	case err != nil:
		return store.Placed{}, failure{exitUsage, fmt.Sprintf("%v. Name the server's folder with --data", err)}
	case len(found) == 0:
		return store.Placed{}, failure{exitFailed, fmt.Sprintf("slipway knows no commit of a default branch that begins with %s", prefix)}
	case slices.ContainsFunc(found, func(p store.Placed) bool { return p.Commit.SHA != found[0].Commit.SHA || p.Repo != found[0].Repo }):
		return store.Placed{}, failure{exitFailed, fmt.Sprintf("%d commits begin with %s: name more of its digits", len(found), prefix)}
	}
	return found[0], nil
}
