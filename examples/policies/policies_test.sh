#!/bin/bash
# Each example loads without an error or a warning, and says in its first line what it shows.
set -eu
sluice=$1
shift
for policy in "$@"; do
  "$sluice" check --strict "$policy"
  head -c 2 "$policy" | grep -qx '# ' || { echo "$policy does not begin with what it shows" >&2; exit 1; }
done
