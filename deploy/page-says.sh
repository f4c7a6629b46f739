#!/bin/bash
# Health check without starting an interpreter: does http://HOST:PORT/PATH contain TEXT?
#   page-says.sh HOST PORT PATH TEXT
exec 3<>"/dev/tcp/$1/$2" || exit 1
printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$3" "$1" >&3
grep -qF -- "$4" <&3
