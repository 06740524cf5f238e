// Package standin is a GitHub that fits into a test: an HTTP server on loopback that answers like GitHub's REST API, keeps real git
// repositories behind smart HTTP, and sends signed webhooks to one App.
//
// It exists because neither the tests nor the demo can reach GitHub. It is stricter than its description, never more lenient: limits that
// GitHub keeps without writing them down are kept here too, and what GitHub swallows in silence (a completed check run that a client tries to
// reopen, a page of 500) is counted in [Server.Mistakes], so that a test can require that there were none.
//
// A story reads like this (errors left out):
//
//	gh, _ := standin.New(standin.Options{Clock: clock, App: standin.App{ID: 7, Slug: "slipway", Key: key}})
//	repo, _ := gh.CreateRepository("acme", "shop", standin.RepoOptions{Organization: true})
//	repo.SetRole("ana", "maintain")
//	gh.Install("acme")
//	repo.Commit("ana", "feature", "Sell more", map[string]string{"shop.go": "package shop\n"})
//	pull, _ := repo.OpenPullRequest("ana", "Sell more", "feature", "main")
//	pull.Merge("ana", "squash")
//
// Workflows of .github/workflows run for real, on this machine: a push starts them, or [Repo.Dispatch]. Jobs that name an environment wait
// for its reviewers ([Repo.SetEnvironment], [Repo.Review]) and for the App's rule ([Repo.SetProtectionRule]).
//
// A pull request is talked about in its conversation ([Pull.Comment]), on the lines of its change ([Pull.RemarkAt]) and by reviews
// ([Pull.Review]); a commit by comments on it ([Repo.CommentOn]).
//
// People act by the methods of [Server], [Repo] and [Pull], or over HTTP with the token of a [User]; both ways send the same webhooks. The
// App acts over HTTP only. What went in and what came of it is read back with [Server.Requests], [Repo.CheckRuns] and their neighbours.
//
// Everything is kept in memory but git. All methods are safe for concurrent use. One lock guards the whole state: unexported functions
// expect it to be held, exported methods take it.
package standin
