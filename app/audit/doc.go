// Package audit says what was decided and done, by whom and on what grounds, in rows that nobody can rewrite or cut unseen.
//
// Each row holds the hash of the one before it, so that a row which is changed, left out or put in breaks the chain. The newest row's hash is signed
// with the operator's key every so many rows, and goes to GitHub with each deployment: whoever can write the database can't make a chain that fits
// those. Everything here is pure; the store keeps the rows, and refuses to change them.
package audit
