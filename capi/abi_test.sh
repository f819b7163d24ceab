#!/bin/bash
# abi_test.sh DUMP SHARED: the interface of libsluice is the committed one.
set -u
dump=$1 shared=$2
command -v abidiff >/dev/null || { echo "abidiff is missing: run tools/setup (package abigail-tools)"; exit 1; }
abidiff "$dump" "$shared"
status=$?
[ $status -eq 0 ] && exit 0
echo "The interface differs from capi/sluice.abi (abidiff status $status; 4: changed, 12: incompatibly)."
echo "If that is meant, and old hosts go on working: tools/abi_update, and commit what it writes."
exit 1
