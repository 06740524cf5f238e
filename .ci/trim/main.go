// Command trim makes the test data of app/standin/contract from GitHub's own descriptions, as the npm packages of the octokit
// organisation carry them. It keeps the operations and the events that slipway uses, with what they refer to, and leaves out
// words: descriptions, examples and the like say nothing to a program.
//
// To make the data anew, in this folder:
//
//	npm pack @octokit/openapi@23.0.2 @octokit/webhooks-schemas@7.6.1 @octokit/webhooks-examples@7.6.1
//	mkdir openapi schemas examples
//	tar xzf octokit-openapi-23.0.2.tgz -C openapi package/LICENSE package/generated/api.github.com.json
//	tar xzf octokit-webhooks-schemas-7.6.1.tgz -C schemas package/schema.json
//	tar xzf octokit-webhooks-examples-7.6.1.tgz -C examples package/api.github.com/index.json
//	go run . -openapi openapi/package/generated/api.github.com.json -schemas schemas/package/schema.json \
//		-examples examples/package/api.github.com/index.json -out ../../app/standin/contract/testdata
//
// The same input gives the same bytes. (The package of OpenAPI descriptions unpacks to 385 MB, so only one file is extracted.)
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	var in inputs
	flag.StringVar(&in.openapi, "openapi", "", "`file` generated/api.github.com.json of @octokit/openapi")
	flag.StringVar(&in.schemas, "schemas", "", "`file` schema.json of @octokit/webhooks-schemas")
	flag.StringVar(&in.examples, "examples", "", "`file` api.github.com/index.json of @octokit/webhooks-examples")
	flag.StringVar(&in.out, "out", "", "`folder` to write to")
	flag.Parse()
	if in.openapi == "" || in.schemas == "" || in.examples == "" || in.out == "" || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := in.trim(); err != nil {
		fmt.Fprintln(os.Stderr, "trim:", err)
		os.Exit(1)
	}
}

// inputs are the files that the program reads, and the folder that it writes to.
type inputs struct {
	openapi, schemas, examples, out string
}

func (in inputs) trim() error {
	api, err := trimOpenAPI(in.openapi)
	if err != nil {
		return fmt.Errorf("trimming the OpenAPI description: %w", err)
	}
	if err := writeLines(in.out, "openapi.json", api); err != nil {
		return err
	}
	hooks, err := trimWebhooks(in.schemas)
	if err != nil {
		return fmt.Errorf("trimming the webhook schemas: %w", err)
	}
	if err := writeLines(in.out, "webhooks.json", hooks); err != nil {
		return err
	}
	examples, err := pickExamples(in.examples)
	if err != nil {
		return fmt.Errorf("picking the webhook examples: %w", err)
	}
	return writeExamples(in.out, examples)
}
