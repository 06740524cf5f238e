module github.com/slipway-cd/slipway/.ci/trim

go 1.26.0
