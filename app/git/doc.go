// Package git is the server's only user of the program git: bare mirrors on disk, and what is read from them and put on disk from them.
//
// Two rules carry its security.
//
// Git never touches a folder that a step can write. A step can leave a .git with settings that run programs, links that lead out of
// its folder, or swap a folder for a link while it is being cleaned. So git is given the mirror and a staging folder, both of which
// only the server can enter, by --git-dir and --work-tree; from there this package moves files into a step's folder itself, holding
// open each folder on the way and never following a link.
//
// Git's environment is made here, from nothing: no settings of the system or of a user, no hooks, no filters, no prompts, http and https
// alone. Tokens reach it through a pipe.
package git
