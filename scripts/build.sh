#!/bin/sh
# npm run build: emits the JavaScript of the package to dist/. Python and the launcher are shipped as they are.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

ensure_packages
rm -rf dist
tsc --project tsconfig.build.json
