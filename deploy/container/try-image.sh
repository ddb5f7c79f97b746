#!/usr/bin/env bash
# Runs the steps of the image without container tools, as root: makes its root file system from the last commit, and
# starts Countersign in it as the Containerfile says, as its user, read-only but for /data and /tmp, without capabilities,
# in namespaces of its own. Tries the health check, the user, the disk, SIGTERM, and the list of what is in the image.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"
here=deploy/container
work=$(mktemp -d)
trap 'umount -l "$work/image" 2>/dev/null || true; rm -rf "$work"' EXIT
say() { echo "try-image: $*"; }
fail() { say "FAILED: $*"; exit 1; }

mkdir "$work/src" "$work/data" "$work/tmp"
git archive HEAD | tar -x -C "$work/src"
(cd "$work/src" && $here/make-root.sh "$work/image") > "$work/make.log" 2>&1 || { tail -20 "$work/make.log"; fail "make-root.sh"; }
say "size: $(du -sm --apparent-size "$work/image" | cut -f1) MB, of which Node: $(du -sm --apparent-size "$work/image/usr/bin/node" | cut -f1) MB"
[ ! -e "$work/image/bin/sh" ] || fail "there is a shell"
"$work/image/usr/bin/node" -e '
  const { components } = JSON.parse(fs.readFileSync(process.argv[1], "utf8"));
  for (const name of ["node", "libc6", "express", "zod"])
    if (!components.some((each) => each.name === name)) throw new Error(`the SBOM lacks ${name}`);
  console.log(`try-image: the SBOM lists ${components.length} components`);' "$work/image/app/sbom.cdx.json"

# The values of an instruction in the form of a JSON array, one a line.
words() { sed -z 's/\\\n//g' $here/Containerfile | sed -nE "s/^(HEALTHCHECK .*CMD|$1) (\[.*\])$/\2/p" | grep -n . | sed -n "${2:-1}s/^[0-9]*://p" |
  "$work/image/usr/bin/node" -e 'for (const word of JSON.parse(fs.readFileSync(0, "utf8"))) console.log(word)'; }
mapfile -t health < <(words NOTHING)
mapfile -t entrypoint < <(words ENTRYPOINT 2)
read -r -a settings <<< "$(sed -nE 's/^ENV //p' $here/Containerfile)"
user=$(sed -nE 's/^USER //p' $here/Containerfile)
free() { node -e 'const s = net.createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }
port=$(free)
settings+=("PORT=$port" "ENGINE_PORT=$(free)" PUBLIC_URL=https://approvals.example.com "SMTP_URL=smtp://127.0.0.1:9" MAIL_FROM=approvals@example.com)

chown "${user%:*}" "$work/data"
chmod 700 "$work/data"
mount --bind "$work/image" "$work/image"
mount -o remount,bind,ro "$work/image"
# Runs a command in the image.
image() {
  unshare --mount --pid --uts --ipc --fork --kill-child bash -c '
    set -euo pipefail
    root=$1 data=$2 user=$3; shift 3
    mount -t tmpfs tmpfs "$root/tmp"
    mount --bind "$data" "$root/data"
    exec chroot "$root" /usr/bin/node -e "
      process.setgroups([]); process.setgid(${user#*:}); process.setuid(${user%:*}); process.chdir(\"/data\");
      process.execve(process.argv[1], process.argv.slice(1), process.env);" "$@"' _ "$work/image" "$work/data" "$user" "$@"
}
run() { env -i "${settings[@]}" setpriv --no-new-privs --bounding-set=-all,+setuid,+setgid,+sys_admin,+sys_chroot bash -c "$(declare -f image); work=$work user=$user; image \"\$@\"" _ "$@"; }

run "${entrypoint[@]}" keys create --name try --scope admin > "$work/key"
started=$(date +%s%N)
run "${entrypoint[@]}" start > "$work/log" 2>&1 &
job=$!
until grep -q '"msg":"ready"' "$work/log"; do
  kill -0 $job 2>/dev/null || { cat "$work/log"; fail "it does not start"; }
  sleep 0.1
done
say "ready after $((($(date +%s%N) - started) / 1000000)) ms: $(tail -n 1 "$work/log")"
run "${health[@]}" || fail "the health check"
say "the health check passes"
pid=$(pgrep -f "^/usr/bin/node /app/bin/countersign.js start" | while read -r each; do
  [ "$(readlink "/proc/$each/root")" = "$work/image" ] && echo "$each"; done | head -n 1)
grep -E '^(Uid|NoNewPrivs|CapEff|CapPrm|Threads):' "/proc/$pid/status" | tr '\t\n' ' ;'; echo
grep -qE "^Uid:\s+${user%:*}\s+${user%:*}\s" "/proc/$pid/status" || fail "it does not run as $user"
grep -qE '^CapEff:\s+0+$' "/proc/$pid/status" || fail "it has capabilities"
status=$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(grep -o 'apv_[A-Za-z0-9_-]*' "$work/key")" -H 'content-type: application/json' \
  -d '{"title":"Try the image","approvers":["ana@example.com"]}' "http://127.0.0.1:$port/approvals")
[ "$status" = 202 ] || fail "POST /approvals answers $status"
kill -TERM "$pid"
wait $job || fail "it did not stop in order: $(tail -n 2 "$work/log")"
grep -q '"msg":"stopped"' "$work/log" || fail "it did not stop in order"
if run "${health[@]}"; then fail "the health check passes although nothing runs"; fi
say "a signal stops it in order; /data holds: $(ls "$work/data" | tr '\n' ' ')"
say passed
