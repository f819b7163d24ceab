#!/bin/bash
# Installs into a temporary directory, then builds and runs a C and a C++ program against it, with pkg-config and with
# CMake, with the shared and with the static library.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
hosts=$PWD/tools/install_hosts

tools/install_tree . . "$work" /opt/sluice
root=$work/opt/sluice
expected="bin/sluice
include/sluice/sluice.h
include/sluice/sluice.hpp
lib/cmake/sluice/sluiceConfig.cmake
lib/cmake/sluice/sluiceConfigVersion.cmake
lib/libsluice.a
lib/libsluice.so
lib/libsluice.so.0
lib/pkgconfig/sluice-static.pc
lib/pkgconfig/sluice.pc"
diff <(echo "$expected") <(cd "$root" && find . ! -type d | sed 's#^./##' | LC_ALL=C sort)
if grep -r "$work" "$root"; then
  echo "the installed tree names the place it was installed from"
  exit 1
fi
[ "$("$root/bin/sluice" version | grep -c "$(pkg-config --modversion "$root/lib/pkgconfig/sluice.pc")")" -ge 1 ]

# Moved, it must still work.
mv "$root" "$work/moved"
root=$work/moved
export PKG_CONFIG_PATH=$root/lib/pkgconfig

run() {
  echo "== $1"
  LD_LIBRARY_PATH=$root/lib "$1"
}

for package in sluice sluice-static; do
  # Unquoted: pkg-config prints several words.
  # shellcheck disable=SC2046
  gcc -std=c99 -Wall -Werror $(pkg-config --cflags $package) "$hosts/host.c" -o "$work/c_$package" $(pkg-config --libs $package)
  # shellcheck disable=SC2046
  g++ -std=c++17 -Wall -Werror $(pkg-config --cflags $package) "$hosts/host.cc" -o "$work/cpp_$package" $(pkg-config --libs $package)
  run "$work/c_$package"
  run "$work/cpp_$package"
done
readelf -d "$work/c_sluice" | grep -q 'NEEDED.*libsluice.so.0'
if readelf -d "$work/c_sluice-static" | grep -q 'NEEDED.*libsluice'; then
  echo "the static package linked the shared library"
  exit 1
fi

cp -rL "$hosts" "$work/project"
cmake -S "$work/project" -B "$work/build" -DCMAKE_PREFIX_PATH="$root" >"$work/cmake.log" || { cat "$work/cmake.log"; exit 1; }
cmake --build "$work/build" >"$work/cmake.log" || { cat "$work/cmake.log"; exit 1; }
for program in c_sluice c_static cpp_sluice cpp_static; do run "$work/build/$program"; done

# A program that asks for another series of versions is refused.
sed -i 's/sluice 0.1 /sluice 99.0 /' "$work/project/CMakeLists.txt"
if cmake -S "$work/project" -B "$work/other" -DCMAKE_PREFIX_PATH="$root" >/dev/null 2>&1; then
  echo "find_package(sluice 99.0) found this version"
  exit 1
fi
