#!/usr/bin/env bash
# Makes the root file system of the image in a folder, from the checkout in the current folder. The Containerfile runs it
# in its build stage, and try-image.sh on a machine without container tools. Needs npm, ldd and dpkg.
set -euo pipefail
out=${1:?"Usage: deploy/container/make-root.sh FOLDER"}
user=65532
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm ci

# The Node that Countersign is tested with, and the libraries that it loads.
node=$out/usr/bin/node
install -D -m 755 node_modules/node/bin/node "$node"
mapfile -t libraries < <(ldd "$node" | grep -o '/[^ ]*')
for library in "${libraries[@]}"; do install -D -m 755 "$(readlink -f "$library")" "$out$library"; done

# What npm pack compiles and packs, with the dependencies of the lock file.
npm pack --silent --pack-destination "$work"
npm prune --omit=dev --ignore-scripts
mkdir -p "$out/app"
tar -xzf "$work"/*.tgz --strip-components 1 -C "$out/app"
cp -a node_modules "$out/app"

# Who runs it, what it may write, and how names are looked up.
mkdir -p "$out/etc" "$out/data" "$out/tmp"
echo "countersign:x:$user:$user::/data:/sbin/nologin" > "$out/etc/passwd"
echo "countersign:x:$user:" > "$out/etc/group"
echo "hosts: files dns" > "$out/etc/nsswitch.conf"
chown "$user:$user" "$out/data"
chmod 700 "$out/data"
chmod 1777 "$out/tmp"

# What is in it: packages of npm, Node, and the Debian packages of the libraries, for people (sbom.cdx.json) and for
# scanners of images (status.d).
mkdir -p "$out/var/lib/dpkg/status.d"
for library in "${libraries[@]}"; do dpkg -S "$(readlink -f "$library")" || dpkg -S "$library"; done 2> "$work/unknown" |
  cut -d: -f1 | sort -u > "$work/debian"
while read -r name; do dpkg -s "$name" > "$out/var/lib/dpkg/status.d/$name"; done < "$work/debian"
# npm's --omit=dev also omits what the package needs, if a development dependency needs it, too. So sbom.ts chooses.
npm sbom --package-lock-only --sbom-format=cyclonedx > "$work/npm.json"
xargs dpkg-query -W -f '${Package} ${Version}\n' < "$work/debian" |
  "$node" deploy/container/sbom.ts "$work/npm.json" > "$out/app/sbom.cdx.json"
