package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// readJSON reads a file with its numbers as they are written, so that none changes on its way through.
func readJSON(name string, into any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

// section is one named part of an output file, each of its entries on a line of its own: a new version of a description then
// shows as a difference that can be read.
type section struct {
	name    string
	entries map[string]any
}

// writeLines writes one JSON object of sections, keys in order.
func writeLines(folder, name string, sections []section) error {
	var out bytes.Buffer
	out.WriteString("{\n")
	for i, s := range sections {
		fmt.Fprintf(&out, "%q: {\n", s.name)
		for j, key := range slices.Sorted(maps.Keys(s.entries)) {
			value, err := compact(s.entries[key])
			if err != nil {
				return fmt.Errorf("writing %s: %w", key, err)
			}
			fmt.Fprintf(&out, "%q: %s%s\n", key, value, comma(j, len(s.entries)))
		}
		fmt.Fprintf(&out, "}%s\n", comma(i, len(sections)))
	}
	out.WriteString("}\n")
	return os.WriteFile(filepath.Join(folder, name), out.Bytes(), 0o644)
}

// writeExamples writes a file for each event, so that a test which wants pushes does not unpack pull requests. The header of gzip
// has no time and no name, so that the bytes are the same each time.
func writeExamples(folder string, examples map[string][]any) error {
	folder = filepath.Join(folder, "examples")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for event, list := range examples {
		data, err := compact(list)
		if err != nil {
			return fmt.Errorf("writing the examples of %s: %w", event, err)
		}
		var out bytes.Buffer
		zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := zip.Write(data); err != nil {
			return err
		}
		if err := zip.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, event+".json.gz"), out.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func compact(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

func comma(i, n int) string {
	if i < n-1 {
		return ","
	}
	return ""
}
