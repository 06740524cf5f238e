package standin

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// entry is one line of a git tree.
type entry struct {
	mode, kind, sha, path string
	size                  int
}

// tree lists a directory, or one file when the path names a file.
func (r *Repo) tree(sha, name string) ([]entry, error) {
	args := []string{"ls-tree", "-z", "-l", "--full-tree", sha}
	if name != "" {
		args = append(args, "--", name)
	}
	out, err := r.git(nil, args...)
	if err != nil {
		return nil, err
	}
	var list []entry
	for record := range strings.SplitSeq(strings.TrimRight(out, "\x00"), "\x00") {
		meta, file, isEntry := strings.Cut(record, "\t")
		fields := strings.Fields(meta)
		if !isEntry || len(fields) != 4 {
			continue
		}
		size, _ := strconv.Atoi(fields[3])
		list = append(list, entry{fields[0], fields[1], fields[2], file, size})
	}
	return list, nil
}

func getContents(c *call) (*answer, error) {
	name, ref := strings.Trim(path.Clean("/"+c.vars["path"]), "/"), c.query("ref")
	if ref == "" {
		ref = c.repo.defaultBranch
	}
	commit, found := c.repo.resolve(ref)
	if !found {
		return nil, refuse(http.StatusNotFound, "No commit found for the ref "+ref)
	}
	found1, err := c.repo.tree(commit.sha, name)
	switch {
	case err != nil:
		return nil, err
	case len(found1) == 0 && name != "":
		return nil, notFound()
	case name == "":
		return c.directory(found1, ref), nil
	case found1[0].kind == "tree":
		list, err := c.repo.tree(commit.sha, name+"/")
		if err != nil {
			return nil, err
		}
		return c.directory(list, ref), nil
	}
	return c.file(found1[0], ref)
}

func (c *call) directory(list []entry, ref string) *answer {
	all := []any{}
	for _, e := range list {
		all = append(all, c.entryJSON(e, ref))
	}
	return ok(all)
}

func (c *call) file(e entry, ref string) (*answer, error) {
	text, err := c.repo.blob(e.sha)
	if err != nil {
		return nil, err
	}
	if strings.Contains(c.r.Header.Get("Accept"), "raw") {
		return &answer{status: 200, body: text, kind: "application/vnd.github.raw; charset=utf-8"}, nil
	}
	o := c.entryJSON(e, ref)
	o["encoding"], o["content"] = "base64", wrapped(base64.StdEncoding.EncodeToString(text))
	return ok(o), nil
}

// wrapped breaks base64 into lines of 60, as GitHub does.
func wrapped(text string) string {
	var lines strings.Builder
	for len(text) > 0 {
		n := min(60, len(text))
		lines.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	return lines.String()
}

func (r *Repo) blob(sha string) ([]byte, error) {
	out, err := r.gitBytes("cat-file", "blob", sha)
	return out, err
}

func (c *call) entryJSON(e entry, ref string) object {
	escaped := (&url.URL{Path: e.path}).EscapedPath()
	self := c.repo.apiURL() + "/contents/" + escaped + "?ref=" + url.QueryEscape(ref)
	kind, git, html := "file", c.repo.apiURL()+"/git/blobs/"+e.sha, c.repo.htmlURL()+"/blob/"+ref+"/"+escaped
	var download any = c.repo.htmlURL() + "/raw/" + ref + "/" + escaped
	switch {
	case e.kind == "tree":
		kind, git, html, download = "dir", c.repo.apiURL()+"/git/trees/"+e.sha, c.repo.htmlURL()+"/tree/"+ref+"/"+escaped, nil
	case e.mode == "120000":
		kind = "symlink"
	}
	return object{
		"type": kind, "size": e.size, "name": path.Base(e.path), "path": e.path, "sha": e.sha, "url": self, "git_url": git, "html_url": html,
		"download_url": download, "_links": object{"self": self, "git": git, "html": html},
	}
}
