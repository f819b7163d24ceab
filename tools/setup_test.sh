#!/bin/bash
# shellcheck disable=SC2016  # the stand-ins are code, not text to expand
# Runs tools/setup and tools/deb_src against stand-ins for dpkg, apt and id, and sample apt directories.
set -uo pipefail
tools=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
export SLUICE_RELEASE=bookworm SLUICE_APT_ETC=$work/apt SLUICE_POLICY_RC=$work/policy-rc.d LOG=$work/log

expect() {
  local what=$1 expected=$2 found=$3
  [ "$expected" = "$found" ] && return
  printf -- '--- %s: expected (<), found (>)\n' "$what"
  diff <(echo "$expected") <(echo "$found")
  failures=$((failures + 1))
}

expect_in() {
  [[ $3 == *"$2"* ]] && return
  printf -- '--- %s: `%s` is not in:\n%s\n' "$1" "$2" "$3"
  failures=$((failures + 1))
}

# ---- deb_src ----
apt=$work/sample
mkdir -p "$apt/sources.list.d"
cat >"$apt/sources.list.d/debian.sources" <<'END'
# the machine's own
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb deb-src
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main contrib
Signed-By:
 /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://other.example/apt
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/other.gpg

Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main
Enabled: no

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://suite.example/debian
Suites: nodistro
Components: main
END
expect "deb822" "Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main contrib
Signed-By:
 /usr/share/keyrings/debian-archive-keyring.gpg" "$("$tools/deb_src" sources "$apt")"

cat >"$apt/sources.list" <<'END'
# deb http://comment.example/debian bookworm main
deb http://mirror.example/debian bookworm main non-free-firmware # ours
deb	[arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/debian bookworm-updates main
deb [signed-by=/etc/other.gpg] http://other.example/debian bookworm main
deb-src http://mirror.example/debian bookworm-security main
deb http://suite.example/debian bookworm-vendor main
deb http://component.example/debian bookworm stable
END
expect "one line each" "deb-src http://mirror.example/debian bookworm main non-free-firmware
deb-src [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/debian bookworm-updates main" \
  "$("$tools/deb_src" list "$apt" | sed 's/ *$//')"

# ---- setup ----
# Stand-ins: INSTALLED holds the packages that dpkg knows, SOURCES those that apt has sources of, UID the user.
mkdir "$work/bin"
stand_in() { printf '#!/bin/bash\n%s\n' "$2" >"$work/bin/$1" && chmod +x "$work/bin/$1"; }
stand_in id 'echo "$FAKE_UID"'
stand_in dpkg-query 'for p in "$@"; do case " $INSTALLED " in *" $p "*) echo "installed $p";; esac; done'
stand_in apt-cache 'if [ "$1" = showsrc ]; then for p in $(cat "$SOURCES"); do echo "Package: $p"; done; fi'
stand_in apt-get '
echo "apt-get $*" >>"$LOG"
case " $* " in
  *" indextargets "*) ls "$SLUICE_APT_ETC"/sources.list.d/ ;;
  *" update "*) [ -z "$(ls "$SLUICE_APT_ETC"/sources.list.d/)" ] || echo abseil android-platform-external-boringssl re2 yaml-cpp >"$SOURCES" ;;
  *" install "*) [ ! -x "$SLUICE_POLICY_RC" ] || echo "policy $("$SLUICE_POLICY_RC"; echo $?)" >>"$LOG" ;;
esac'
stand_in update-rc.d 'echo "update-rc.d $*" >>"$LOG"'
export PATH=$work/bin:$PATH SOURCES=$work/sources FAKE_UID=0 INSTALLED=

fresh() {
  rm -rf "$work/apt" "$LOG"
  mkdir -p "$work/apt/sources.list.d"
  cp "$apt/sources.list" "$work/apt/"
  echo "${1:-}" >"$SOURCES"
  touch "$LOG"
}
all_sources="abseil android-platform-external-boringssl re2 yaml-cpp"
all_packages=$("$tools/setup" --list build)

fresh "$all_sources"
INSTALLED=$(echo "$all_packages" | tr '\n' ' ')
expect "all is there: nothing printed" "" "$("$tools/setup" build 2>&1)"
expect "all is there: apt-get not called" "" "$(cat "$LOG")"
FAKE_UID=1000
expect "all is there, no root: status" 0 "$("$tools/setup" build >/dev/null 2>&1; echo $?)"

INSTALLED=${INSTALLED/ nginx / }
INSTALLED=${INSTALLED/ cmake / }
INSTALLED=${INSTALLED/ redis-server / }
expect "missing, no root: status" 1 "$("$tools/setup" build >/dev/null 2>&1; echo $?)"
said=$("$tools/setup" build 2>&1)
expect_in "missing, no root: what to run" "apt-get install -y --no-install-recommends cmake nginx redis-server" "$said"
[[ $said != *deb-src* ]] || expect "missing, no root, sources there" "no word of deb-src" "$said"
expect "missing, no root: apt-get not called" "" "$(cat "$LOG")"

fresh
expect_in "no sources, no root" "deb-src" "$("$tools/setup" build 2>&1)"
expect "no sources, no root: nothing written" "" "$(ls "$work/apt/sources.list.d")"

FAKE_UID=0
"$tools/setup" build >/dev/null 2>&1
expect "root: status" 0 $?
expect_in "root: deb-src lines" "deb-src http://mirror.example/debian bookworm main" "$(cat "$work"/apt/sources.list.d/sluice-src.list)"
expect_in "root: installs without prompting" "-y" "$(grep install "$LOG")"
expect_in "root: installs what is missing" "--no-install-recommends cmake nginx redis-server" "$(grep install "$LOG")"
expect_in "root: nginx may not start" "policy 101" "$(cat "$LOG")"
expect "root: nginx and redis-server do not start at boot" "update-rc.d nginx disable
update-rc.d redis-server disable" "$(grep update-rc.d "$LOG")"
expect "root: the policy is removed" "no" "$([ -e "$SLUICE_POLICY_RC" ] && echo yes || echo no)"

fresh "$all_sources"
printf '#!/bin/sh\nexit 3\n' >"$SLUICE_POLICY_RC" && chmod +x "$SLUICE_POLICY_RC"
"$tools/setup" build >/dev/null 2>&1
expect_in "a policy of the machine's own is kept" "exit 3" "$(cat "$SLUICE_POLICY_RC")"
expect "sources there: no deb-src line written" "" "$(ls "$work/apt/sources.list.d")"

fresh && rm "$work/apt/sources.list"
expect_in "no Debian entry to go by" "add a deb-src line" "$("$tools/setup" build 2>&1)"
expect "an unknown group: status" 2 "$("$tools/setup" everything >/dev/null 2>&1; echo $?)"

# Each group holds the one before it.
before=
for group in demo build fuzz check; do
  now=$("$tools/setup" --list "$group" | sort)
  expect "$group holds the group before it" "" "$(comm -23 <(echo "$before") <(echo "$now") | grep .)"
  [ "$now" != "$before" ] || expect "$group" "adds something" "nothing"
  before=$now
done
[ "$failures" -eq 0 ]
