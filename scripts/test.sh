#!/bin/sh
# npm test: installs what is missing, then runs every test, of the TypeScript and of the Python code.
# npm test -- FILE… runs only these files.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

# Flask, Django and prometheus_client come from Debian's packages or from a virtual environment, whichever can be had. The tests
# look in the same places (test/support/frameworks.ts) and are skipped where there is neither.
has_frameworks() {
  for python in .venv/bin/python /usr/bin/python3 python3; do
    "$python" -c 'import flask, django, prometheus_client' 2>/dev/null && return
  done
  return 1
}

ensure_frameworks() {
  has_frameworks && return
  if is_root && has_apt && apt_install python3-flask python3-django python3-prometheus-client && has_frameworks; then return; fi
  say "installing Flask, Django and prometheus_client in .venv"
  python3 -m venv .venv >&2 && .venv/bin/python -m pip install --quiet flask django prometheus_client >&2 && return
  say "SKIPPED: the tests that need Flask, Django or prometheus_client, because they could not be installed (see above)."
}

# The servers that the tests put before and behind ours (test/support/peers/).
PEERS='nginx libnginx-mod-stream apache2-bin lighttpd haproxy uwsgi-core uwsgi-plugin-python3 gunicorn
  python3-waitress php-fpm libfcgi-perl uvicorn python3-hypercorn chaussette python3-tornado python3-gevent'
FLUP=node_modules/.cache/vivarium-test/flup

# No Debian package, and needed by nobody else.
ensure_flup() {
  [ -d $FLUP/flup ] && return
  say "installing flup in $FLUP"
  python3 -m pip install --quiet --no-deps --disable-pip-version-check --target $FLUP flup==1.0.3 >&2 ||
    say "SKIPPED: the tests that need flup, because it could not be installed (see above)."
}

ensure_packages
ensure_python
if [ $# -gt 0 ]; then exec node --test --test-timeout=240000 "$@"; fi
ensure_frameworks
# Words, so not quoted.
ensure_peers "to run the tests with all peers" $PEERS
ensure_flup
exec node --test --test-timeout=240000 'src/**/*.test.ts' 'test/**/*.test.ts' 'bench/**/*.test.ts'
