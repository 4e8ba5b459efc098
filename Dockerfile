# The program alone, with the certificates that it needs to reach the API. It runs as a user without rights and writes to /data:
# mount a volume there, for the list, the outputs and the ledger.
#
#	docker build -t enrich .
#	docker run --rm -v "$PWD:/data" --user "$(id -u):$(id -g)" -e SELLING_API_KEY enrich run leads.csv
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.release=$VERSION" -o /enrich ./cmd/enrich
RUN mkdir -p /root-folder/data /root-folder/tmp && chmod 1777 /root-folder/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
# Some builders give what they copy to root unless they are told the owner.
COPY --from=build --chown=65532:65532 /root-folder/ /
COPY --from=build /enrich /enrich
USER 65532:65532
ENV XDG_STATE_HOME=/data/.state
WORKDIR /data
ENTRYPOINT ["/enrich"]
