#!/bin/bash
# prefix_test.sh ARCHIVE…: every symbol of the built BoringSSL has our prefix. One that has not could be answered by the
# OpenSSL of a host. If this fails, Debian's source has new symbols: run tools/boringssl_symbols.
set -uo pipefail
count=0
for archive in "$@"; do
  # Type i and u and so on too: whatever another object could bind to.
  symbols=$(nm -g --defined-only "$archive" | awk 'NF == 3 { print $3 }')
  count=$((count + $(grep -c '^sluice_bssl_' <<<"$symbols")))
  bare=$(grep -v '^sluice_bssl_' <<<"$symbols")
  if [ -n "$bare" ]; then
    echo "$archive: symbols without the prefix sluice_bssl_:"
    echo "$bare"
    exit 1
  fi
done
echo "$count symbols"
[ "$count" -gt 1000 ]
