#!/bin/bash
# Builds the dynamic module with nginx's own build system and the flags of Debian's nginx.
#
#   build_module.sh NGINX_SOURCE OUTPUT ARCHIVE…     from the root of the sources
#
# NGINX_SOURCE is a copy of /usr/share/nginx/src (package nginx-dev); the archives are libsluice.a and io's.
set -euo pipefail

root=$PWD
nginx=$root/$1
output=$root/$2
shift 2

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cp -rL "$nginx/." "$build"
chmod -R u+w "$build"
cd "$build"

# nodelete: libcurl may leave a resolver's thread behind, which must not lose its code when a worker ends.
export SLUICE_ROOT=$root
export SLUICE_LIBS="-Wl,--version-script=$root/hosts/nginx/module.map -Wl,-z,relro,-z,now,-z,nodelete \
${*/#/$root/} -lcurl -lhiredis -Wl,--as-needed -l:libstdc++.a -static-libgcc -lm"
. ./conf_flags
{
  ./configure "${NGX_CONF_FLAGS[@]}" --add-dynamic-module="$root/hosts/nginx" \
    --with-cc-opt="-O2 -fPIC -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wformat -ffile-prefix-map=$root/="
  make -f objs/Makefile modules
} >build.log 2>&1 || { tail -n 50 build.log >&2; exit 1; }
cp objs/ngx_http_sluice_module.so "$output"
