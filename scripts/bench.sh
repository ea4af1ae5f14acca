#!/bin/sh
# npm run bench: installs what is missing to measure against, then measures (npm run bench -- --help).
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

PACKAGES='wrk nginx uwsgi-core uwsgi-plugin-python3 gunicorn apache2-bin libapache2-mod-wsgi-py3
  python3-waitress python3-flask python3-django python3-venv'
# To compile bjoern, which is no Debian package and has no wheel.
BUILD_PACKAGES='gcc libc6-dev python3-dev libev-dev'
VENV=node_modules/.cache/vivarium-bench/venv
VENV_PACKAGES='granian==2.8.7 bjoern==3.2.2'

# A virtual environment on top of Debian's Python, so that Flask and Django are there as for all others.
ensure_venv() {
  [ -x $VENV/bin/python ] || /usr/bin/python3 -m venv --system-site-packages $VENV >&2 || return 0
  for requirement in $VENV_PACKAGES; do
    $VENV/bin/python -c 'import importlib.metadata as m, sys
name, version = sys.argv[1].split("==")
sys.exit(m.version(name) != version)' "$requirement" 2>/dev/null && continue
    say "installing $requirement in $VENV"
    $VENV/bin/python -m pip install --quiet "$requirement" >&2 || say "$requirement could not be installed; it is skipped"
  done
}

ensure_packages
ensure_python
# Words, so not quoted.
ensure_peers "to measure against all peers" $PACKAGES $BUILD_PACKAGES
ensure_venv
# Ten thousand connections need as many file descriptors at both ends.
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -H -n)"
# On the core of the load generator, so that the core of the servers is theirs alone.
exec taskset -c 1 node bench/main.ts "$@"
