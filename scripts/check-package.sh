#!/bin/sh
# Packs the package, installs the tarball in an empty folder, and asks the server that runs there for a page.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

ensure_packages
ensure_python
sh scripts/build.sh
folder=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

tarball=$(npm pack --silent --pack-destination "$folder")
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund "./$tarball"

cat >wsgi.py <<'PYTHON'
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served from the package\n"]
PYTHON

# The banner goes through a named pipe, so that we wait for it and not for a time.
mkfifo output
node_modules/.bin/vivarium serve wsgi.py --port 0 --processes 1 >output 2>&1 &
server=$!
exec 3<output
url=
while read -r line <&3; do
  say "$line"
  url=$(printf '%s\n' "$line" | grep -o 'http://127\.0\.0\.1:[0-9]*' | head -n 1) || true
  [ -z "$url" ] || break
done
[ -n "$url" ] || die "The packed server did not start (see above)."
body=$(node -e 'fetch(process.argv[1]).then((r) => r.text()).then((t) => process.stdout.write(t))' "$url/")
[ "$body" = "served from the package" ] || die "The packed server answered: $body"
say "The package works."
