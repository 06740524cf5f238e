// Package shim runs one program so that its outcome survives the server.
//
// It has two halves. The Host is the server's: it starts a program under a key, finds it again after a restart, reads its log
// and learns of its end. Main is the shim: a hidden subcommand of the same binary, one process per program, which outlives the
// server and writes down how the program ended. They meet in a folder of the key that only the server's user can read:
//
//	key    the key as the caller gave it
//	claim  exists: a shim took this key; locked (flock): that shim lives
//	log    what the program wrote, secrets masked, append-only
//	exit   the exit record; its room is reserved under another name before the claim, so that a full disk can't lose it
//
// So a key is absent (no claim), running (claim, locked), ended (exit record) or unknown (claim, free, no record: the shim was
// killed or the machine restarted). A claim is made once and never taken back: a key runs at most once, whoever is killed when.
// The claim becomes visible with its lock already held, and it is on disk before the program starts.
//
// The job, with its environment and secrets, reaches the shim as an anonymous file on its standard input: nothing of it is in
// argv, in the shim's own environment or on disk.
//
// Each program has a HOME and a TMPDIR of its own. They also mark it: if a shim is killed, whatever carries its folder in the
// environment is what is left of it, and the Host ends that before it reports the outcome as unknown.
//
// The shim is a process of its own and keeps real time: cmd hands Main the real clock. The Host measures no time at all.
//
// Linux only (5.11 or newer): it stands on flock, pidfds, subreapers, parent-death signals and inotify.
package shim
