module github.com/slipway-cd/slipway/.ci/bench

go 1.26.0

require (
	github.com/mattn/go-sqlite3 v1.14.53
	github.com/slipway-cd/slipway v0.0.0
)

require (
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/slipway-cd/slipway => ../..
