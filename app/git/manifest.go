package git

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// manifest is what was written to a worktree: the server's own index, which no step can touch. A file whose stamp is still the same is
// the file that was written, for nobody but root can set the time of a file's last change of status.
type manifest map[string]record

type record struct {
	mode, id string
	stamp    stamp
}

// stamp identifies a file's state. Times are in nanoseconds.
type stamp struct {
	dev, inode, links uint64
	mode, uid, gid    uint32
	size              int64
	modified, changed int64
}

func stampOf(st *unix.Stat_t) stamp {
	return stamp{
		dev: uint64(st.Dev), inode: st.Ino, links: uint64(st.Nlink), mode: st.Mode, uid: st.Uid, gid: st.Gid,
		size: st.Size, modified: st.Mtim.Nano(), changed: st.Ctim.Nano(),
	}
}

// sameAttributes says whether git would convert files alike: line endings and the like hang on these files alone.
func (m manifest) sameAttributes(root *node) bool {
	same, count := true, 0
	root.walk("", func(name string, file *node) {
		if path.Base(name) == ".gitattributes" {
			count++
			same = same && m[name].id == file.id && m[name].mode == file.mode
		}
	})
	for name := range m {
		if path.Base(name) == ".gitattributes" {
			count--
		}
	}
	return same && count == 0
}

// manifestHeader is followed by the boot, the digest of the rest and a line break. What was written before a crash of the machine may
// not have reached the disk, so that nothing is believed from an earlier boot.
const manifestHeader = "slipway manifest 1"

const recordFormat = "%s %s %d %d %d %d %d %d %d %d %d"

func (m manifest) save(file, boot string) error {
	var body bytes.Buffer
	for name, r := range m {
		s := r.stamp
		fmt.Fprintf(&body, recordFormat, r.mode, r.id, s.dev, s.inode, s.links, s.mode, s.uid, s.gid, s.size, s.modified, s.changed)
		body.WriteByte('\t')
		body.WriteString(name)
		body.WriteByte(0)
	}
	sum := sha256.Sum256(body.Bytes())
	head := fmt.Sprintf("%s %s %s\n", manifestHeader, boot, hex.EncodeToString(sum[:]))
	// In place: a kill in between costs the writing of all files, while a new file each time costs more than all the rest on some disks.
	if err := os.WriteFile(file, append([]byte(head), body.Bytes()...), 0o600); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	return nil
}

// loadManifest reads what save wrote. What can't be read or is not whole is no manifest: all files are written again.
func loadManifest(file, boot string) manifest {
	text, err := os.ReadFile(file)
	if err != nil {
		return manifest{}
	}
	head, body, _ := bytes.Cut(text, []byte("\n"))
	sum := sha256.Sum256(body)
	if string(head) != fmt.Sprintf("%s %s %s", manifestHeader, boot, hex.EncodeToString(sum[:])) {
		return manifest{}
	}
	m := manifest{}
	for _, line := range fields(body) {
		about, name, _ := strings.Cut(line, "\t")
		var r record
		s := &r.stamp
		_, err := fmt.Sscanf(about, recordFormat, &r.mode, &r.id, &s.dev, &s.inode, &s.links, &s.mode, &s.uid, &s.gid, &s.size, &s.modified, &s.changed)
		if err != nil {
			return manifest{}
		}
		m[name] = r
	}
	return m
}

// bootID changes with every start of the machine.
func bootID() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("reading the machine's boot id: %w", err)
	}
	return strings.TrimSpace(string(id)), nil
}
