package standin_test

import (
	"fmt"
	"time"

	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/standin"
)

// A change travels from a branch to main, and another App says that it is good.
func Example() {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	key, err := signingKey()
	must(err)
	clock := apptest.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	gh, err := standin.New(standin.Options{Clock: clock, App: standin.App{ID: 7, Slug: "slipway", Key: key}})
	must(err)
	defer gh.Close()

	repo, err := gh.CreateRepository("acme", "shop", standin.RepoOptions{Organization: true})
	must(err)
	must(repo.SetRole("ana", "maintain"))
	_, err = gh.Install("acme")
	must(err)
	sha, err := repo.Commit("ana", "feature", "Sell more", map[string]string{"shop.go": "package shop\n"})
	must(err)
	pull, err := repo.OpenPullRequest("ana", "Sell more", "feature", "main")
	must(err)
	_, err = repo.ForeignCheck("golangci", 99, sha, "lint", "success")
	must(err)
	merge, err := pull.Merge("ana", "squash")
	must(err)

	run, _ := repo.CheckRun(sha, "lint")
	fmt.Println(run.App, run.Conclusion, pull.State(), repo.Head("main") == merge)
	// Output: golangci success merged true
}
