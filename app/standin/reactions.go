package standin

import "slices"

func reactionContents() []string {
	return []string{"+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket"}
}

func reactionsJSON(url string, all []reaction) object {
	o := object{"url": url + "/reactions", "total_count": len(all)}
	for _, content := range reactionContents() {
		o[content] = 0
	}
	for _, r := range all {
		o[r.content] = o[r.content].(int) + 1
	}
	return o
}

func (c *call) reactionJSON(r reaction) object {
	return object{"id": r.id, "node_id": nodeID("REA", r.id), "user": c.s.userJSON(r.user), "content": r.content, "created_at": stamp(r.at)}
}

func listReactions[S subject](c *call) (*answer, error) {
	comment, err := commentIn[S](c)
	if err != nil {
		return nil, err
	}
	var all []any
	for _, r := range comment.reactions {
		if want := c.query("content"); want == "" || want == r.content {
			all = append(all, c.reactionJSON(r))
		}
	}
	return c.list(all)
}

func createReaction[S subject](c *call) (*answer, error) {
	comment, err := commentIn[S](c)
	if err != nil {
		return nil, err
	}
	request, err := decode[struct {
		Content string `json:"content"`
	}](c)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(reactionContents(), request.Content) {
		return nil, failed("Reaction", "content", "invalid", "")
	}
	for _, r := range comment.reactions {
		if r.user == c.actor() && r.content == request.Content {
			return ok(c.reactionJSON(r)), nil
		}
	}
	r := reaction{id: c.s.id(), user: c.actor(), content: request.Content, at: c.s.now()}
	comment.reactions = append(comment.reactions, r)
	return created(c.reactionJSON(r)), nil
}
