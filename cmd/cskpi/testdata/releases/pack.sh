#!/usr/bin/env bash
# Packs a data folder as a release writes it, for TestReleasedFolders: pack.sh RELEASE [BINARY]. RELEASE is a tag or commit. The
# binary is built from it unless it is given. Commit the files that this makes: RELEASE.tar.zst and RELEASE.csv.
set -euo pipefail
release=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; git -C "$root" worktree prune' EXIT

binary=${2:-}
if [ -z "$binary" ]; then
	git -C "$root" worktree add --quiet --detach "$scratch/source" "$release"
	binary=$scratch/cskpi
	(cd "$scratch/source" && CGO_ENABLED=0 go build -ldflags "-X main.version=$release" -o "$binary" ./cmd/cskpi)
fi
library=$root/deploy/engine/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so
run() { (cd "$scratch" && env CSKPI_DATA_DIR="$scratch/data" CSKPI_LIBCHDB="${CSKPI_LIBCHDB:-$library}" "$binary" "$@"); }
run import "$here/facts"
run kpi nrr --as-of 2024-06-30 --format csv > "$here/$release.csv"
tar -C "$scratch" --sort=name --owner=0 --group=0 --numeric-owner -cf - data | zstd -19 -q -f -o "$here/$release.tar.zst"
ls -l "$here/$release".*
