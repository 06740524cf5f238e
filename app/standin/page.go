package standin

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

//go:embed page.html
var pageHTML string

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
}

// pages shows a repository to a person: commits with their check runs, pull requests with their comments, deployments.
func (s *Server) pages() http.Handler {
	page := template.Must(template.New("page").Funcs(template.FuncMap{
		"short":    func(sha string) string { return sha[:min(12, len(sha))] },
		"markdown": renderer(),
	}).Parse(pageHTML))
	router := mux.NewRouter()
	router.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		var names []string
		for _, repo := range s.sortedRepos() {
			names = append(names, repo.fullName())
		}
		s.mu.Unlock()
		s.render(w, page, "index", names)
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
		s.render(w, page, "repo", view)
	})
	return router
}

// renderer turns GitHub's Markdown into HTML. Raw HTML and dangerous links are left out, which makes the result safe to show.
func renderer() func(text string) (template.HTML, error) {
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM))
	return func(text string) (template.HTML, error) {
		var out bytes.Buffer
		err := markdown.Convert([]byte(text), &out)
		return template.HTML(out.String()), err
	}
}

func (s *Server) render(w http.ResponseWriter, page *template.Template, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	if err := page.ExecuteTemplate(w, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// view gathers what the page shows, newest first.
func (r *Repo) view() (pageRepo, error) {
	deployments := r.Deployments("")
	slices.Reverse(deployments)
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	view := pageRepo{Name: r.fullName(), Deployments: deployments}
	for _, p := range slices.Backward(r.pulls) {
		shown := pagePull{p.number, p.title, p.author.login, p.state, p.headSHA, p.baseRef, nil}
		if p.merged {
			shown.State = "merged"
		}
		for _, c := range r.commentsOf(p.number) {
			shown.Comments = append(shown.Comments, c.public())
		}
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
