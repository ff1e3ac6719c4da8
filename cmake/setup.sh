# SPDX-License-Identifier: BSD-3-Clause
# Shared by ./run and ./test: installs missing Debian packages, configures and builds a preset. Sourced, not run.

say() { printf '== %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 2; }

# install_packages KIND...: the packages of those kinds in cmake/packages.txt that are not installed yet.
install_packages() {
  local kind missing=()
  for kind in "$@"; do
    local package
    for package in $(sed -n "s/^$kind: //p" cmake/packages.txt); do
      dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null || die "apt-get: not found: install by hand: ${missing[*]}"
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "sudo: not found: run as root, or install by hand: ${missing[*]}"
    sudo=(sudo)
  fi
  say "installing ${missing[*]}"
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null || die "apt-get update failed"
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get install failed: ${missing[*]}"
}

# tree_of NAME: the folder of a preset's build tree.
tree_of() { if [ "$1" = release ]; then echo build; else echo "build/$1"; fi; }

# configure_preset NAME: quiet unless it fails.
configure_preset() {
  local said
  said=$(cmake --preset "$1" ${FFASIM_CMAKE_ARGS:-} 2>&1) || {
    printf '%s\n' "$said" >&2
    die "$(tree_of "$1"): configuring failed"
  }
}

# build_configured NAME TARGET...: in as many jobs as FFASIM_JOBS says. Quiet unless something is to be built.
build_configured() {
  local dir
  dir=$(tree_of "$1")
  shift
  say "building $dir"
  cmake --build "$dir" ${1:+--target "$@"} -- --quiet ${FFASIM_JOBS:+-j "$FFASIM_JOBS"} || die "$dir: build failed"
}

# build_preset NAME TARGET...: configures once, then builds.
build_preset() {
  configure_preset "$1"
  build_configured "$@"
}
