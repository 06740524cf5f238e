// Package contract is test support: it holds every exchange with GitHub, or with the stand-in GitHub, against GitHub's own
// descriptions, so that the stand-in can't be more lenient than GitHub and slipway can't send what GitHub would refuse.
//
//	rules := contract.New(t)
//	server := httptest.NewServer(rules.Wrap(standin))
//
// What is checked:
//
//   - Requests, strictly: path and method are described, path and query parameters are known and well-formed, the body fits its
//     schema and has no property that the schema does not name. Limits that GitHub documents in prose only are in rules.go.
//   - Answers: the status is described (or one that any request may meet, such as 401 or 502), the body fits its schema. Types,
//     enums, formats and names of properties are held strictly. A missing property is let pass, but for those that say what the
//     answer is about: GitHub's own examples leave some out, and a stand-in need not fill in a hundred addresses.
//   - Webhooks, strictly, by the schema of their event and action.
//
// A violation is reported through Reporter with method, path, status and reason, at most once in the same words. Requests that
// are not the API's are passed through untouched: git over HTTP, and pages for browsers. A test that sends on purpose what GitHub
// refuses does so past the contract, or with a Reporter of its own.
//
// # The data
//
// The files in testdata come from the npm packages @octokit/openapi 23.0.2 (generated/api.github.com.json, GitHub's OpenAPI
// description), @octokit/webhooks-schemas 7.6.1 and @octokit/webhooks-examples 7.6.1, all under the MIT licence, whose notice is in
// testdata/LICENSE. The program in .ci/trim made them and says how to make them anew: it keeps the operations and events that
// slipway uses, with what they refer to, and drops descriptions and examples. Nothing in them is edited by hand. The example
// payloads are complete and unchanged.
//
// An operation that slipway begins to use is added to .ci/trim/wanted.go.
package contract
