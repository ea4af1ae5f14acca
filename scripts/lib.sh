# Shared by the other scripts: brings a fresh checkout to the point where it can run.
# They need git, npm and any Node.js that runs npm; what else is missing is installed here.
# Everything that is not the result of a command goes to standard error.

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$@"
  exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }
has_apt() { command -v apt-get >/dev/null 2>&1; }

# apt_install PACKAGE…: false when it could not be done.
apt_install() {
  say "installing Debian packages: $*"
  apt_install_known "$@" 2>/dev/null || { apt-get update -qq >&2 && apt_install_known "$@"; }
}

apt_install_known() { DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null; }

# missing_packages PACKAGE…: those that are not installed.
missing_packages() {
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || printf '%s ' "$package"
  done
}

# Debian starts a server when it is installed; here it is only to be tried or measured.
without_services() {
  policy=/usr/sbin/policy-rc.d
  [ -e $policy ] && { "$@"; return; }
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod 755 $policy
  trap 'rm -f $policy' EXIT
  trap 'exit 1' INT TERM
  status=0
  "$@" || status=$?
  rm -f $policy
  trap - EXIT INT TERM
  return $status
}

# ensure_peers PURPOSE PACKAGE…: other servers, as Debian packages. What cannot be had is said, and done without.
ensure_peers() {
  purpose=$1
  shift
  has_apt || {
    say "no apt-get here: other servers have to be installed by hand; what needs one that is missing is skipped"
    return
  }
  # Words, so not quoted, here and below.
  missing=$(missing_packages "$@")
  [ -z "$missing" ] && return
  is_root || {
    say "$purpose: sudo apt-get install $missing"
    return
  }
  without_services apt_install $missing && return
  # All or nothing is how apt-get works: one that this distribution does not have must not cost the others.
  for package in $missing; do
    without_services apt_install_known "$package" || say "SKIPPED: what needs $package, which could not be installed"
  done
}

# npm writes node_modules/.package-lock.json last, so it is absent after an installation that was cut short.
# `npm install` keeps to package-lock.json as `npm ci` does, but npm 11.21 and later refuse to `ci` where the lock
# file was made with a registry that lacks the optional packages of other platforms.
ensure_packages() {
  if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
    say "installing npm packages"
    npm install --no-save --no-audit --no-fund --engine-strict=false --loglevel=error >&2 ||
      die "npm could not install the packages (see above)."
    touch node_modules/.package-lock.json
  fi
  ensure_node
}

# `npm start` runs on whatever Node there is; the server and the tests run on the one of the `node` package.
ensure_node() {
  PATH="$PWD/node_modules/.bin:$PATH"
  export PATH
  node_is_current && return
  # The install script of the `node` package did not run (--ignore-scripts, or not approved in npm): do its work.
  say "installing a current Node.js in node_modules"
  (cd node_modules/node && node installArchSpecificPackage.js >&2)
  ln -sf ../node/bin/node node_modules/.bin/node
  hash -r
  node_is_current && return
  say "Vivarium needs Node.js 26.9 or later; $(command -v node) is $(node --version)."
  die "Install one from https://nodejs.org/ and put it first in PATH."
}

node_is_current() {
  node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 26 || (major === 26 && minor >= 9) ? 0 : 1)' 2>/dev/null
}

# is_python INTERPRETER: a Python that the worker runs on.
is_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; }

ensure_python() {
  is_python python3 && return
  if is_root && has_apt; then
    apt_install python3 || die "apt-get could not install python3 (see above)."
    is_python python3 && return
  fi
  die "Vivarium needs Python 3.9 or later as python3. On Debian or Ubuntu: sudo apt-get install python3"
}
