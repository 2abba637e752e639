#!/usr/bin/env bash
# `make images`: builds the images `services` and `page` with Docker, Podman or Buildah, whichever is found first.
#   REGISTRY   what the names begin with, by default docker.io/chainr
#   IMAGE_TAG  by default the version of chainr
#   PUSH=1     pushes them
#   BASE       image that chainr runs on; BUILD_BASE: image that compiles it (deploy/images/Dockerfile has the defaults)
#   BUILDER    docker, podman or buildah
#   CA         file with a certificate (PEM) that npm must trust besides; it is in no image
#   BUILD_FLAGS  more words for the builder, such as --network=host
#   CONTEXT    folder that is built, by default this repository
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "make images: $1" >&2
  exit 2
}

builder=${BUILDER:-}
for found in docker podman buildah; do
  [ -n "$builder" ] || ! command -v "$found" >/dev/null || builder=$found
done
[ -n "$builder" ] || fail 'no builder of images here: install Docker, Podman or Buildah.'
case $builder in docker | podman | buildah) ;; *) fail "BUILDER=$builder is not known: it is docker, podman or buildah." ;; esac
command -v "$builder" >/dev/null || fail "$builder, which BUILDER names, is not installed."
[ "$builder" != docker ] || docker info >/dev/null 2>&1 ||
  fail 'no Docker daemon answers: start it, or set DOCKER_HOST, or choose BUILDER=podman or BUILDER=buildah.'

version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' core/package.json)
tag=${IMAGE_TAG:-$version}
registry=${REGISTRY:-docker.io/chainr}
registry=${registry%/}
revision=$(git rev-parse HEAD 2>/dev/null || true)
# The time of the images is that of the commit, so that the same sources give the same images.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
# An attestation of Docker's BuildKit has the time of the build in it.
export BUILDX_NO_DEFAULT_ATTESTATIONS=1

arguments=(--build-arg "VERSION=$version" --build-arg "REVISION=$revision")
for name in BASE BUILD_BASE npm_config_registry; do
  [ -z "${!name:-}" ] || arguments+=(--build-arg "$name=${!name}")
done
if [ -n "${CA:-}" ]; then
  [ -r "$CA" ] || fail "CA=$CA cannot be read."
  # Linux takes no word of more than 128 KiB.
  [ "$(wc -c <"$CA")" -lt 100000 ] || fail "CA=$CA is a whole bundle: name a file with only the certificate that is missing."
  arguments+=(--build-arg "CA_CERTIFICATE=$(cat "$CA")")
fi
case $builder in
  docker) arguments+=(--build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH") ;;
  # With `--layers` the second image uses what the first one compiled.
  *) arguments+=(--layers --timestamp "$SOURCE_DATE_EPOCH") ;;
esac
# shellcheck disable=SC2206 # They are words.
arguments+=(${BUILD_FLAGS:-})

for image in services page; do
  name=$registry/$image:$tag
  echo "Building $name with $builder ..." >&2
  "$builder" build --file deploy/images/Dockerfile --target "$image" --tag "$name" "${arguments[@]}" "${CONTEXT:-.}" >&2
done

for image in services page; do
  name=$registry/$image:$tag
  [ "${PUSH:-}" != 1 ] || "$builder" push "$name" >&2
  case $builder in
    # It lists every name of the same image.
    buildah) "$builder" images --no-trunc --format '{{.Name}}:{{.Tag}} {{.ID}} {{.Size}}' "$name" | grep -F "$name " ;;
    *)
      read -r id size < <("$builder" image inspect --format '{{.Id}} {{.Size}}' "$name")
      echo "$name sha256:${id#sha256:} $((size / 1000000)) MB"
      ;;
  esac
done
