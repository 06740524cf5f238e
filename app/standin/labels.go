package standin

import (
	"hash/crc32"
	"net/url"
	"slices"
)

// Label gives the pull request a label.
func (p *Pull) Label(login, name string) error {
	return p.repo.act(login, "triage", func(actor *account) error {
		if !slices.Contains(p.labels, name) {
			p.labels, p.updatedAt = append(p.labels, name), p.repo.server.now()
			p.emit("labeled", actor, object{"label": labelJSON(p.repo, name)})
		}
		return nil
	})
}

// labelsJSON is its labels.
func (p *Pull) labelsJSON() []any {
	all := []any{}
	for _, name := range p.labels {
		all = append(all, labelJSON(p.repo, name))
	}
	return all
}

// labelJSON is a label. The same name has the same number in a repository.
func labelJSON(r *Repo, name string) object {
	id := int64(crc32.ChecksumIEEE([]byte(name)))
	return object{
		"id": id, "node_id": nodeID("LA", id), "url": r.apiURL() + "/labels/" + url.PathEscape(name), "name": name, "description": nil,
		"color": "ededed", "default": false,
	}
}
