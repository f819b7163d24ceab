#!/bin/bash
# c_host_test.sh C_HOST POLICY: the example does what it says.
set -u
host=$1 policy=$2 failures=0

expect() {
  local want=$1
  shift
  local found
  found=$("$host" "$policy" "$@" 2>&1)
  [ "$found" = "$want" ] && return
  printf 'c_host %s: expected `%s`, found `%s`\n' "$*" "$want" "$found"
  failures=$((failures + 1))
}

expect 'forward to orders.internal:8080, path /7?x=1' GET '/orders/7?x=1'
expect 'answer 404: {"message":"no Route matched with those values"}' POST /orders/7

printf '_format_version: "3.0"\nservises: []\n' >"$TEST_TMPDIR/bad.yaml"
"$host" "$TEST_TMPDIR/bad.yaml" GET / 2>"$TEST_TMPDIR/errors" && { echo "a bad policy must fail"; failures=$((failures + 1)); }
grep -q 'services' "$TEST_TMPDIR/errors" || { echo "no hint:"; cat "$TEST_TMPDIR/errors"; failures=$((failures + 1)); }
[ "$failures" -eq 0 ]
