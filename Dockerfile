# Build with the C compiler that SQLite needs.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=1 go build -trimpath -ldflags='-s -w' -o /out/slipway ./cmd/slipway

# Run with git, as a user of its own. No SLIPWAY_ISOLATION is set: whoever starts it says whether builds may read all that it can.
FROM debian:bookworm-slim
RUN apt-get update \
	&& apt-get install -y --no-install-recommends ca-certificates git tini \
	&& rm -rf /var/lib/apt/lists/* \
	&& useradd --system --create-home --home-dir /var/lib/slipway --shell /usr/sbin/nologin slipway
COPY --from=build /out/slipway /usr/local/bin/slipway
ENV SLIPWAY_DATA=/var/lib/slipway SLIPWAY_LISTEN=:8080
VOLUME /var/lib/slipway
EXPOSE 8080
USER slipway
# tini reaps what deployments leave behind; a restart of the container ends all programs.
ENTRYPOINT ["tini", "--", "slipway"]
CMD ["serve"]
