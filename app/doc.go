// Package app is the dictionary of slipway: the words that every room uses. It imports nothing of ours, and no rules live here.
//
// What happens is a Message, addressed by a Letter to one machine: a repository, which only notes; a run (checks.Run), a commit on its way
// through its checks; or a lane (deploy.Lane), one service in one environment. A machine steps, purely, and says by Wants what should be so.
// The engine stores both in one transaction and makes the world match. Facts are what was read, and when; a policy judges facts. A View is
// what GitHub shows of it all.
//
// The rooms: policies asks "may it go?", checks "is it good?", deploy "take it there and back": these three are pure, and so are app/config (the
// repository's file) and app/report (the words of each view). app/engine is the one loop, app/store its memory, app/git and app/github its
// hands, app/shim what lets programs outlive the server, app/artifact what checks made. checks/process, deploy/command and deploy/probe are
// the drivers. handlers is HTTP in. app/standin is a GitHub for the demo and for tests. cmd/slipway puts them together.
package app
