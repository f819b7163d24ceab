#!/bin/bash
# library_test.sh SHARED ARCHIVE GOLDEN: what libsluice exports and needs.
set -uo pipefail
shared=$1 archive=$2 golden=$3
failures=0

same() {
  local what=$1 expected=$2 found=$3
  [ "$expected" = "$found" ] && return
  echo "$what: expected (<) is not what was found (>)"
  diff <(echo "$expected") <(echo "$found")
  failures=$((failures + 1))
}

symbols=$(cat "$golden")
same "the golden list is not sorted" "$(LC_ALL=C sort -u "$golden")" "$symbols"

# A version node (type A) is no symbol that a program could call.
same "exports of the shared object" "$symbols" \
  "$(nm -D --extern-only --defined-only "$shared" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort)"
same "symbols without a version" "" \
  "$(nm -D --extern-only --defined-only "$shared" | awk '$2 != "A" && $3 !~ /@@SLUICE_/ { print $3 }')"
same "global symbols of the archive" "$symbols" \
  "$(nm --extern-only --defined-only "$archive" | awk 'NF == 3 { print $3 }' | LC_ALL=C sort)"
# The host's copy of a library must not answer for ours: all is in the archive but the C and C++ runtimes.
same "undefined symbols of the archive that are not of the C or C++ runtime" "" \
  "$(nm --extern-only --undefined-only "$archive" | awk 'NF == 2 { print $2 }' | c++filt | grep -E 'absl|re2::|YAML|^(EVP|RSA|EC|X509|BN|CRYPTO|SSL|ASN1)_|sluice')"

same "soname" "libsluice.so.0" "$(readelf -d "$shared" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')"
same "libraries needed beside the C library's" "" \
  "$(readelf -d "$shared" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc|libm)\.so\.6$|^ld-linux-x86-64\.so\.2$')"
same "relocations in the code" "" "$(readelf -d "$shared" | grep TEXTREL)"
# Code that asks for an executable stack makes dlopen fail where that is forbidden.
same "flags of the stack" "RW" "$(readelf -lW "$shared" | awk '$1 == "GNU_STACK" { print $(NF - 1) }')"
[ "$failures" -eq 0 ]
