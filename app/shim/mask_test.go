package shim

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func masked(secrets []string, chunks ...string) string {
	var out bytes.Buffer
	m := newMasker(&out, secrets)
	for _, chunk := range chunks {
		io.WriteString(m, chunk)
	}
	m.Flush()
	return out.String()
}

func TestMask(t *testing.T) {
	key := "-----BEGIN KEY-----\nabcdefgh\nijklmnop\nx\n-----END KEY-----\n"
	for name, c := range map[string]struct {
		secrets []string
		chunks  []string
		want    string
	}{
		"none":                 {nil, []string{"text"}, "text"},
		"one":                  {[]string{"hunter2"}, []string{"my hunter2 is"}, "my *** is"},
		"split":                {[]string{"hunter2"}, []string{"my hun", "ter2 is"}, "my *** is"},
		"byte by byte":         {[]string{"hunter2"}, strings.Split("xhunter2hunter2y", ""), "x******y"},
		"a false beginning":    {[]string{"hunter2"}, []string{"hunhun", "ter", "2"}, "hun***"},
		"only a beginning":     {[]string{"hunter2"}, []string{"hunter"}, "hunter"},
		"line break of a file": {[]string{"hunter2\n"}, []string{"hunter2 "}, "*** "},
		"blank":                {[]string{"\n", "", "  "}, []string{"a  b\n"}, "a  b\n"},
		"one in another":       {[]string{"abc", "abcdef"}, []string{"abc", "def abcx"}, "*** ***x"},
		"overlapping":          {[]string{"abcd", "cdef"}, []string{"ab", "cd", "ef", "g"}, "***g"},
		"short":                {[]string{"7"}, []string{"a7b"}, "a***b"},
		"lines of a key":       {[]string{key}, []string{"> abcdefgh\n> ijklmnop\n> x\n"}, "> ***\n> ***\n> x\n"},
		"whole key":            {[]string{key}, []string{key[:30], key[30:]}, "***\n"},
		"base64":               {[]string{"hunter2"}, []string{base64.StdEncoding.EncodeToString([]byte("hunter2"))}, "***"},
		"in an address":        {[]string{"a b/c&d"}, []string{"?t=a+b%2Fc%26d"}, "?t=***"},
		"in JSON":              {[]string{"say \"hi\"\n"}, []string{`{"s":"say \"hi\""}`}, `{"s":"***"}`},
		"not text":             {[]string{"\xff\xfe\x00"}, []string{"a\xff", "\xfe\x00b"}, "a***b"},
	} {
		if got := masked(c.secrets, c.chunks...); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// However the text is cut, the result is the same, and no secret is in it.
func TestMaskDoesNotDependOnChunks(t *testing.T) {
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 1, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		secrets := rapid.SliceOfN(letters, 1, 3).Draw(t, "secrets")
		chunks := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 8, -1), 0, 8).Draw(t, "chunks")
		whole := masked(secrets, strings.Join(chunks, ""))
		if cut := masked(secrets, chunks...); cut != whole {
			t.Fatalf("in pieces %q, at once %q", cut, whole)
		}
		if rest := strings.ReplaceAll(whole, maskText, ""); len(rest) > len(strings.Join(chunks, "")) {
			t.Fatalf("%q is longer than what came", rest)
		}
		for _, secret := range secrets {
			for part := range strings.SplitSeq(whole, maskText) {
				if strings.Contains(part, secret) {
					t.Fatalf("%q shows %q", whole, secret)
				}
			}
		}
	})
}

func TestMaskHoldsBackLittle(t *testing.T) {
	m := newMasker(io.Discard, []string{strings.Repeat("ab", 20), "ba"})
	for range 1000 {
		io.WriteString(m, strings.Repeat("ab", 50))
		if len(m.held) >= 40 {
			t.Fatalf("%d bytes are held back", len(m.held))
		}
	}
}

// The values reach the log in no form, nor any other file, nor argv.
func TestSecretsAreNowhere(t *testing.T) {
	t.Setenv("SERVER_SECRET", "hunter2")
	o := folders(t)
	gate, gateFile := fifo(t, t.TempDir(), "gate")
	h := openHost(t, o)
	s := script(t, "k", `printf 'one %s\ntwo hun' "$TOKEN"; printf 'ter2secret\n'; echo "$TOKEN" | base64; read x <`+gate)
	s.Env = append(s.Env, "TOKEN=hunter2secret")
	s.Secrets = []string{"hunter2secret"}
	ensure(t, h, s)
	r := follow(t, h, "k")
	for _, want := range []string{"one ***", "two ***"} {
		if text := line(t, r); text != want {
			t.Errorf("line %q, want %q", text, want)
		}
	}
	line(t, r)
	argv, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", shimOf(t, h, "k")))
	if err != nil || bytes.Contains(argv, []byte("hunter2")) {
		t.Errorf("argv %q, %v", argv, err)
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", shimOf(t, h, "k")))
	if len(environ) > 0 || err != nil && !os.IsPermission(err) {
		t.Errorf("the shim's environment is %q, %v", environ, err)
	}
	input, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/0", shimOf(t, h, "k")))
	if err == nil && input != os.DevNull {
		t.Errorf("the shim keeps its input %s", input)
	}
	noSecret(t, o.Dir)
	gateFile.WriteString("go\n")
	wait(t, h, "k")
	noSecret(t, o.Dir)
}

func noSecret(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("hunter2")) {
			t.Errorf("%s holds the secret", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func BenchmarkMask(b *testing.B) {
	secrets := make([]string, 20)
	for i := range secrets {
		secrets[i] = strings.Repeat(string(rune('A'+i)), 30)
	}
	text := make([]byte, 64<<10)
	for i := range text {
		text[i] = byte('a' + rand.N(20))
	}
	m := newMasker(io.Discard, secrets)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m.Write(text)
	}
}
