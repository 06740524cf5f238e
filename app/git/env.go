package git

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// environment is all that git and its children get to see.
func environment(dir, program string, extra []string) ([]string, error) {
	home := filepath.Join(dir, homeDir)
	env := []string{
		"PATH=" + filepath.Dir(program) + ":/usr/local/bin:/usr/bin:/bin",
		"HOME=" + home,
		"LC_ALL=C", // messages that are classified must not be translated
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_ALLOW_PROTOCOL=https:http", // no ext::, file:, ssh or git, neither by redirect
		"GIT_CEILING_DIRECTORIES=" + dir,
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_NO_REPLACE_OBJECTS=1", // a commit is what its name says, whatever refs a repository holds
		"GIT_NO_LAZY_FETCH=1",
		"GIT_LITERAL_PATHSPECS=1",
	}
	for _, variable := range extra {
		name, value, _ := strings.Cut(variable, "=")
		if !passes(name) {
			return nil, fmt.Errorf("git takes only variables of a proxy or of certificates, not %s", name)
		}
		env = append(env, variable)
		if name == "SSL_CERT_FILE" { // git's curl may have been built without OpenSSL, and then does not know it
			env = append(env, "GIT_SSL_CAINFO="+value)
		}
	}
	return append(env, settings(home)...), nil
}

func passes(name string) bool {
	switch strings.ToLower(name) {
	case "http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir":
		return true
	}
	return slices.Contains([]string{"GIT_SSL_CAINFO", "GIT_SSL_CAPATH"}, name)
}

// settings override those of a mirror, which are git's own defaults.
func settings(home string) []string {
	return config(
		"core.hooksPath", "/dev/null",
		"core.fsmonitor", "false",
		"core.untrackedCache", "false",
		"core.attributesFile", "/dev/null",
		"core.excludesFile", "/dev/null",
		"core.askPass", "",
		"core.fsync", "reference", // besides packs: a kept commit must stay kept
		"core.filesRefLockTimeout", "5000", // ms: maintenance and a fetch may meet
		"core.packedRefsTimeout", "5000",
		"core.symlinks", "true",
		"core.autocrlf", "false",
		"protocol.version", "2",
		"submodule.recurse", "false",
		"gc.auto", "0",
		"maintenance.auto", "false",
		// Always a pack, which appears all at once: a commit that is there is there with all that it needs, even after a kill.
		"fetch.unpackLimit", "1",
		"fetch.negotiationAlgorithm", "skipping",
		"http.followRedirects", "initial", // a renamed repository
		"http.lowSpeedLimit", "1000", // bytes a second
		"http.lowSpeedTime", "60", // s
		"credential.helper", "", // forgets all others
		"init.defaultBranch", "main",
		"advice.detachedHead", "false",
		"safe.bareRepository", "explicit",
	)
}

// config makes settings into environment variables, which outrank every file. Keys and values alternate.
func config(pairs ...string) []string {
	env := []string{"GIT_CONFIG_COUNT=" + strconv.Itoa(len(pairs)/2)}
	for i := 0; i+1 < len(pairs); i += 2 {
		n := strconv.Itoa(i / 2)
		env = append(env, "GIT_CONFIG_KEY_"+n+"="+pairs[i], "GIT_CONFIG_VALUE_"+n+"="+pairs[i+1])
	}
	return env
}
