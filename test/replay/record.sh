#!/usr/bin/env bash
# Makes the histories of test/replay again: checks a release out into a temporary folder, runs its own processes, and keeps
# what its engine has stored. Run it for the last release before a change of the approval workflow, and look at the diff.
#
#   test/replay/record.sh COMMIT [STATE...]
set -euo pipefail

commit=${1:?Say which release: a tag or a commit}
shift
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

git clone --quiet "$here" "$folder/release"
git -C "$folder/release" checkout --quiet "$commit"
(cd "$folder/release" && npm ci --prefer-offline >/dev/null)
cd "$here"
npx node test/replay/record.ts "$folder/release" "$(git -C "$folder/release" rev-parse --short=7 "$commit")" "$@"
