package standin

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

//go:embed page.css
var pageStyle string

// pageCommit is a commit as the page shows it.
type pageCommit struct {
	SHA, Subject, Author string
	Branches             []string
	Runs                 []CheckRun
}

type pagePull struct {
	Number                           int
	Title, Author, State, Head, Base string
	Comments                         []Comment
}

type pageRepo struct {
	Name        string
	Commits     []pageCommit
	Pulls       []pagePull
	Deployments []Deployment
	Workflows   []WorkflowRun
}

// pages shows a repository to a person: commits with their check runs, pull requests with their comments, deployments, and runs
// of workflows.
func (s *Server) pages() http.Handler {
	router := mux.NewRouter()
	router.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		var names []string
		for _, repo := range s.sortedRepos() {
			names = append(names, repo.fullName())
		}
		s.mu.Unlock()
		writePage(w, "Repositories", list(names, func(name string) g.Node { return h.Li(h.A(h.Href("/"+name), g.Text(name))) }))
	})
	router.PathPrefix("/{owner}/{name}").HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		repo, found := s.Repository(mux.Vars(r)["owner"], strings.TrimSuffix(mux.Vars(r)["name"], ".git"))
		if !found {
			http.NotFound(w, r)
			return
		}
		view, err := repo.view()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writePage(w, view.Name,
			h.H2(g.Text("Workflow runs")), list(view.Workflows, workflowNode),
			h.H2(g.Text("Deployments")), list(view.Deployments, deploymentNode),
			h.H2(g.Text("Pull requests")), list(view.Pulls, pullNode),
			h.H2(g.Text("Commits")), list(view.Commits, commitNode))
	})
	return router
}

func writePage(w http.ResponseWriter, title string, body ...g.Node) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	page := h.Doctype(h.HTML(h.Lang("en"),
		h.Head(h.Meta(h.Charset("utf-8")), h.Meta(h.Name("viewport"), h.Content("width=device-width, initial-scale=1")), h.TitleEl(g.Text(title)), h.StyleEl(g.Raw(pageStyle))),
		h.Body(h.H1(g.Text(title)), g.Group(body))))
	// An error here is a reader who left.
	_ = page.Render(w)
}

// list shows all, or that there are none.
func list[T any](all []T, show func(T) g.Node) g.Node {
	if len(all) == 0 {
		return h.P(g.Text("None yet."))
	}
	return g.Map(all, show)
}

func deploymentNode(d Deployment) g.Node {
	return h.Section(tag(d.State()), h.B(g.Text(d.Environment)), g.Text(" "), shortSHA(d.SHA), g.Text(" "+d.Task+after(" · ", d.Description)),
		h.Ul(g.Map(d.Statuses, func(s DeploymentStatus) g.Node {
			return h.Li(g.Text(s.CreatedAt.Format("15:04:05")+" "+s.State+" "+s.Description+" "), to(s.LogURL, "log"), to(s.EnvironmentURL, "site"))
		})))
}

func pullNode(p pagePull) g.Node {
	return h.Section(tag(p.State), h.B(g.Textf("#%d %s", p.Number, p.Title)), g.Text(" by "+p.Author+", "), shortSHA(p.Head), g.Text(" into "+p.Base),
		g.Map(p.Comments, func(c Comment) g.Node {
			reactions := g.Map(c.Reactions, func(r Reaction) g.Node { return tag(r.Content) })
			return g.Group{h.P(h.B(g.Text(c.Author)), g.Text(" "+c.CreatedAt.Format("15:04:05")+" "), reactions), markdown(c.Body)}
		}))
}

func commitNode(c pageCommit) g.Node {
	return h.Section(shortSHA(c.SHA), g.Text(" "+c.Subject+" "), h.I(g.Text(c.Author)), g.Text(" "), g.Map(c.Branches, tag), g.Map(c.Runs, runNode))
}

func runNode(r CheckRun) g.Node {
	return h.Details(
		h.Summary(tag(cmp.Or(r.Conclusion, r.Status)), g.Text(r.Name+after(" · ", r.Title)+" "), to(r.DetailsURL, "details")),
		markdown(r.Summary), markdown(r.Text),
		g.Map(r.Annotations, func(a Annotation) g.Node {
			return h.Pre(g.Text(fmt.Sprintf("%s:%d: %s: %s", a.Path, a.StartLine, a.Level, a.Message)))
		}),
		g.Map(r.Actions, func(a Action) g.Node {
			return g.Group{h.Span(h.Class("tag"), h.Title(a.Description), g.Text(a.Label)), g.Text(" ")}
		}))
}

// tag is a word on a colored ground.
func tag(word string) g.Node {
	return g.Group{h.Span(h.Class("tag "+word), g.Text(word)), g.Text(" ")}
}

func shortSHA(sha string) g.Node { return h.Code(g.Text(sha[:min(12, len(sha))])) }

// after is a text that comes after another, unless it is empty.
func after(sign, text string) string {
	if text == "" {
		return ""
	}
	return sign + text
}

// to leads to an address of the web, if there is one.
func to(address, text string) g.Node {
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return nil
	}
	return g.Group{h.A(h.Href(address), g.Text(text)), g.Text(" ")}
}

// markdown shows GitHub's Markdown. Raw HTML and dangerous links are left out, which makes the result safe to show.
func markdown(text string) g.Node {
	if text == "" {
		return nil
	}
	var out bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(text), &out); err != nil {
		return h.Pre(g.Text(text))
	}
	return h.Div(h.Class("text"), g.Raw(out.String()))
}

// view gathers what the page shows, newest first.
func (r *Repo) view() (pageRepo, error) {
	deployments := r.Deployments("")
	slices.Reverse(deployments)
	workflows := r.WorkflowRuns()
	slices.Reverse(workflows)
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	view := pageRepo{Name: r.fullName(), Deployments: deployments, Workflows: workflows}
	for _, p := range slices.Backward(r.pulls) {
		shown := pagePull{p.number, p.title, p.author.login, p.state, p.headSHA, p.baseRef, nil}
		if p.merged {
			shown.State = "merged"
		}
		shown.Comments = published(r.commentsOf(p.number))
		view.Pulls = append(view.Pulls, shown)
	}
	if len(r.refs) == 0 {
		return view, nil
	}
	list, err := r.log("--branches", "--max-count=50")
	if err != nil {
		return view, err
	}
	for _, c := range list {
		shown := pageCommit{SHA: c.sha, Subject: c.subject(), Author: c.author.name}
		for _, ref := range sortedKeys(r.refs) {
			if r.refs[ref] == c.sha && branchOf(ref) != "" {
				shown.Branches = append(shown.Branches, branchOf(ref))
			}
		}
		for _, run := range r.runs {
			if run.suite.sha == c.sha {
				shown.Runs = append(shown.Runs, run.public())
			}
		}
		view.Commits = append(view.Commits, shown)
	}
	return view, nil
}
