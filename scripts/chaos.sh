#!/bin/sh
# npm run chaos: installs what is missing, then lets everything go wrong at once. See docs/internals/chaos.md.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

ensure_packages
ensure_python
exec node test/chaos/main.ts "$@"
