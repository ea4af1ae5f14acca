#!/bin/sh
# npm start: installs what is missing, then serves the bundled example at http://127.0.0.1:8000.
# What follows `npm start --` is passed on: npm start -- --port 8080
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

ensure_packages
ensure_python
exec bin/vivarium serve examples/welcome "$@"
