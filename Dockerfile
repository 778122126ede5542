# The image of a release: the static binary, the root certificates, and nothing else.
FROM --platform=$BUILDPLATFORM alpine:3.23 AS certificates
FROM scratch
ARG TARGETPLATFORM
COPY --from=certificates /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY $TARGETPLATFORM/dspreflight /dspreflight
USER 65532:65532
ENTRYPOINT ["/dspreflight"]
