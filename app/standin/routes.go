package standin

// route is one endpoint: what it takes and who may call it.
type route struct {
	method, path string
	need         need
	serve        endpoint
}

// routes is GitHub's REST API as far as the stand-in speaks it. The permissions are those of GitHub's page "Permissions required for GitHub
// Apps"; the roles are those of people.
func routes() []route {
	var all []route
	all = append(all, appRoutes()...)
	all = append(all, accountRoutes()...)
	all = append(all, pullRoutes()...)
	all = append(all, commentRoutes()...)
	all = append(all, checkRoutes()...)
	all = append(all, actionRoutes()...)
	all = append(all, deploymentRoutes()...)
	return append(all, codeRoutes()...)
}

const inRepo = "/repos/{owner}/{repo}"

func appRoutes() []route {
	jwt := need{jwt: true}
	return []route{
		{"GET", "/app", jwt, getApp},
		{"GET", "/app/installations", jwt, listInstallations},
		{"GET", "/app/installations/{installation:[0-9]+}", jwt, getInstallation},
		{"POST", "/app/installations/{installation:[0-9]+}/access_tokens", jwt, createToken},
		{"GET", "/repos/{owner}/{name}/installation", jwt, getRepoInstallation},
		{"GET", "/orgs/{login}/installation", jwt, getAccountInstallation},
		{"GET", "/users/{login}/installation", jwt, getAccountInstallation},
		{"GET", "/app/hook/deliveries", jwt, listDeliveries},
		{"GET", "/app/hook/deliveries/{delivery:[0-9]+}", jwt, getDelivery},
		{"POST", "/app/hook/deliveries/{delivery:[0-9]+}/attempts", jwt, redeliver},
		{"GET", "/apps/{slug}", need{}, getAppBySlug},
		{"GET", "/installation/repositories", need{}, listInstalledRepos},
		{"GET", "/rate_limit", need{}, getRateLimit},
	}
}

func accountRoutes() []route {
	members, metadata := need{permission: "members:read"}, need{permission: "metadata:read", role: "read"}
	return []route{
		{"GET", "/user", need{}, getSelf},
		{"GET", "/users/{login}", need{}, getUser},
		{"GET", "/orgs/{org}/teams/{slug}", members, getTeam},
		{"GET", "/orgs/{org}/teams/{slug}/members", members, listTeamMembers},
		{"GET", "/orgs/{org}/teams/{slug}/memberships/{login}", members, getTeamMembership},
		{"GET", inRepo, metadata, getRepo},
		{"GET", inRepo + "/collaborators", need{permission: "metadata:read", role: "write"}, listCollaborators},
		{"GET", inRepo + "/collaborators/{login}", metadata, isCollaborator},
		{"GET", inRepo + "/collaborators/{login}/permission", metadata, getPermission},
	}
}

func pullRoutes() []route {
	read, write := need{permission: "pull_requests:read", role: "read"}, need{permission: "pull_requests:write", role: "read"}
	merge := need{permission: "contents:write", role: "write"}
	hear := need{permission: "issues:read|pull_requests:read", role: "read"}
	lock := need{permission: "issues:write|pull_requests:write", role: "triage"}
	pull, issue := inRepo+"/pulls/{number:[0-9]+}", inRepo+"/issues/{number:[0-9]+}"
	return []route{
		{"GET", inRepo + "/pulls", read, listPulls},
		{"POST", inRepo + "/pulls", write, createPull},
		{"GET", pull, read, getPull},
		{"PATCH", pull, need{permission: "pull_requests:write", role: "triage"}, editPull},
		{"GET", pull + "/files", read, listPullFiles},
		{"GET", pull + "/commits", read, listPullCommits},
		{"GET", pull + "/reviews", read, listReviews},
		{"GET", pull + "/reviews/{review:[0-9]+}", read, getReview},
		{"GET", pull + "/merge", read, isMerged},
		{"PUT", pull + "/merge", merge, mergePull},
		{"PUT", pull + "/update-branch", need{permission: "pull_requests:write", role: "write"}, updateBranch},
		{"GET", issue, hear, getIssue},
		{"PUT", issue + "/lock", lock, lockIssue},
		{"DELETE", issue + "/lock", lock, lockIssue},
	}
}

// commentRoutes lead to comments of three kinds. On commits, GitHub's page has an App with Contents: read comment, and one with
// Contents: write react; here both take write.
func commentRoutes() []route {
	pulls, pullsWrite := need{permission: "pull_requests:read", role: "read"}, need{permission: "pull_requests:write", role: "read"}
	hear, say := need{permission: "issues:read|" + pulls.permission, role: "read"}, need{permission: "issues:write|" + pullsWrite.permission, role: "read"}
	code, codeWrite := need{permission: "contents:read", role: "read"}, need{permission: "contents:write", role: "read"}
	conversation, change, commit := inRepo+"/issues/{number:[0-9]+}/comments", inRepo+"/pulls/{number:[0-9]+}/comments", inRepo+"/commits/{ref:.+}/comments"
	all := []route{
		{"GET", conversation, hear, listComments},
		{"POST", conversation, say, createComment},
		{"GET", change, pulls, listRemarks},
		{"POST", change, pullsWrite, createRemark},
		{"POST", change + "/{comment:[0-9]+}/replies", pullsWrite, answerRemark},
		{"GET", commit, code, listCommitComments},
		{"POST", commit, codeWrite, createCommitComment},
	}
	all = append(all, oneComment[*Pull](inRepo+"/issues", hear, say)...)
	all = append(all, oneComment[*remark](inRepo+"/pulls", pulls, pullsWrite)...)
	return append(all, oneComment[wholeCommit](inRepo, code, codeWrite)...)
}

// oneComment is what can be done with a comment of one kind.
func oneComment[S subject](under string, read, write need) []route {
	comment := under + "/comments/{comment:[0-9]+}"
	return []route{
		{"GET", comment, read, getComment[S]},
		{"PATCH", comment, write, editComment[S]},
		{"DELETE", comment, write, deleteComment[S]},
		{"GET", comment + "/reactions", read, listReactions[S]},
		{"POST", comment + "/reactions", write, createReaction[S]},
	}
}

func checkRoutes() []route {
	read, write := need{permission: "checks:read", role: "read"}, need{permission: "checks:write", role: "app"}
	statusRead, statusWrite := need{permission: "statuses:read", role: "read"}, need{permission: "statuses:write", role: "write"}
	run := inRepo + "/check-runs/{run:[0-9]+}"
	return []route{
		{"POST", inRepo + "/check-runs", write, createCheckRun},
		{"GET", run, read, getCheckRun},
		{"PATCH", run, write, updateCheckRun},
		{"GET", run + "/annotations", read, listAnnotations},
		{"POST", run + "/rerequest", need{permission: "checks:write", role: "write"}, rerequestCheckRun},
		{"GET", inRepo + "/check-suites/{suite:[0-9]+}", read, getCheckSuite},
		{"GET", inRepo + "/check-suites/{suite:[0-9]+}/check-runs", read, listSuiteRuns},
		{"POST", inRepo + "/check-suites/{suite:[0-9]+}/rerequest", need{permission: "checks:write", role: "write"}, rerequestSuite},
		{"GET", inRepo + "/commits/{ref:.+}/check-runs", read, listCheckRuns},
		{"GET", inRepo + "/commits/{ref:.+}/check-suites", read, listCheckSuites},
		{"GET", inRepo + "/commits/{ref:.+}/statuses", statusRead, listStatuses},
		{"GET", inRepo + "/commits/{ref:.+}/status", statusRead, combinedStatus},
		{"POST", inRepo + "/statuses/{sha}", statusWrite, createStatus},
	}
}

func actionRoutes() []route {
	read, write := need{permission: "actions:read", role: "read"}, need{permission: "actions:write", role: "write"}
	workflow, run := inRepo+"/actions/workflows/{workflow}", inRepo+"/actions/runs/{run:[0-9]+}"
	return []route{
		{"GET", inRepo + "/actions/workflows", read, listWorkflows},
		{"GET", workflow, read, getWorkflow},
		{"POST", workflow + "/dispatches", write, dispatchWorkflow},
		{"GET", workflow + "/runs", read, listWorkflowRuns},
		{"GET", inRepo + "/actions/runs", read, listRepoRuns},
		{"GET", run, read, getWorkflowRun},
		{"GET", run + "/jobs", read, listJobs},
		{"POST", run + "/cancel", write, cancelWorkflowRun},
		{"POST", run + "/rerun", write, rerunWorkflowRun},
		{"POST", run + "/rerun-failed-jobs", write, rerunFailedJobs},
		{"GET", run + "/pending_deployments", read, listPending},
		{"POST", run + "/pending_deployments", need{permission: "deployments:write", role: "read"}, reviewPending},
		{"GET", run + "/approvals", read, listApprovals},
		{"POST", run + "/deployment_protection_rule", need{permission: "deployments:write", role: "app"}, answerRule},
	}
}

func deploymentRoutes() []route {
	read, write := need{permission: "deployments:read", role: "read"}, need{permission: "deployments:write", role: "write"}
	actions := need{permission: "actions:read", role: "read"}
	deployment := inRepo + "/deployments/{deployment:[0-9]+}"
	return []route{
		{"GET", inRepo + "/deployments", read, listDeployments},
		{"POST", inRepo + "/deployments", write, createDeployment},
		{"GET", deployment, read, getDeployment},
		{"GET", deployment + "/statuses", read, listDeploymentStatuses},
		{"POST", deployment + "/statuses", write, createDeploymentStatus},
		{"GET", deployment + "/statuses/{status:[0-9]+}", read, getDeploymentStatus},
		{"GET", inRepo + "/environments", actions, listEnvironments},
		{"GET", inRepo + "/environments/{environment:.+}/deployment_protection_rules", actions, listProtectionRules},
		{"GET", inRepo + "/environments/{environment:.+}", actions, getEnvironment},
	}
}

// codeRoutes come last: a commit's own path would swallow those of its checks.
func codeRoutes() []route {
	read, write := need{permission: "contents:read", role: "read"}, need{permission: "contents:write", role: "write"}
	return []route{
		{"GET", inRepo + "/commits/{ref:.+}/pulls", need{permission: "pull_requests:read|contents:read", role: "read"}, listCommitPulls},
		{"GET", inRepo + "/activity", read, listActivity},
		{"GET", inRepo + "/contents", read, getContents},
		{"GET", inRepo + "/contents/{path:.*}", read, getContents},
		{"GET", inRepo + "/branches", read, listBranches},
		{"GET", inRepo + "/branches/{branch:.+}", read, getBranch},
		{"GET", inRepo + "/git/ref/{ref:.+}", read, getRef},
		{"GET", inRepo + "/git/matching-refs/{ref:.+}", read, matchingRefs},
		{"DELETE", inRepo + "/git/refs/{ref:.+}", write, deleteRef},
		{"GET", inRepo + "/git/commits/{sha}", read, getGitCommit},
		{"GET", inRepo + "/compare/{basehead:.+}", read, compareCommits},
		{"GET", inRepo + "/commits", read, listCommits},
		{"GET", inRepo + "/commits/{ref:.+}", read, getCommit},
	}
}
