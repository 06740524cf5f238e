package policies

import (
	"slices"
	"strings"
)

// The doors by which an approval may come: its source begins with the door's name.
const (
	DoorComment = "comment"
	DoorButton  = "button"
)

// shut says why an approval of this source does not count here, as it goes on from "it": came by button, and … asks for a comment; "" if it does.
func (f Facts) shut(source string) string {
	door, _, _ := strings.Cut(source, "/")
	for _, p := range f.Gate.policies() {
		if len(p.Doors) > 0 && !slices.Contains(p.Doors, door) {
			var wanted []string
			for _, d := range p.Doors {
				wanted = append(wanted, "a "+d)
			}
			return "came by " + door + ", and " + place(f.Service, f.Environment) + " asks for " + either(wanted)
		}
	}
	return ""
}
