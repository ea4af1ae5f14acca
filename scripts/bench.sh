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

missing_packages() {
  for package in $PACKAGES $BUILD_PACKAGES; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || printf '%s ' "$package"
  done
}

# Debian starts a server when it is installed; here it is only to be measured.
without_services() {
  policy=/usr/sbin/policy-rc.d
  [ -e $policy ] && { "$@"; return; }
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod 755 $policy
  trap 'rm -f $policy' EXIT
  status=0
  "$@" || status=$?
  rm -f $policy
  trap - EXIT
  return $status
}

ensure_peers() {
  if ! has_apt; then
    say "no apt-get here: the peers have to be installed by hand, those that are missing are skipped"
    return
  fi
  packages=$(missing_packages)
  [ -z "$packages" ] && return
  # Words, so not quoted.
  if is_root; then
    without_services apt_install $packages || say "some packages could not be installed; their stacks are skipped"
  else
    say "to measure against all peers: sudo apt-get install $packages"
  fi
}

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
ensure_peers
ensure_venv
# Ten thousand connections need as many file descriptors at both ends.
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -H -n)"
# On the core of the load generator, so that the core of the servers is theirs alone.
exec taskset -c 1 node bench/main.ts "$@"
