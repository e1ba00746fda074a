# Makes dist/greet, one file without dependencies: build.sh [--quiet]
#
# Warns about greetings that are very short.
set -eu
quiet=no
[ "${1:-}" = --quiet ] && quiet=yes

bold=$(printf '\033[1m') green=$(printf '\033[32m') yellow=$(printf '\033[33m') grey=$(printf '\033[90m')
plain=$(printf '\033[0m')
pause() {
    [ "$quiet" = yes ] || sleep 0.1 2>/dev/null || true
}

rm -rf dist
mkdir dist
printf '%sBuilding dist/greet%s\n' "$bold" "$plain"
{
    echo '#!/bin/sh'
    # shellcheck disable=SC2016
    echo 'case ${1:-en} in'
} >dist/greet
number=0
while IFS='=' read -r language greeting; do
    number=$((number + 1))
    printf '%s) echo "%s, world!" ;;\n' "$language" "$greeting" >>dist/greet
    printf '  %sok%s   %s %s%s%s\n' "$green" "$plain" "$language" "$grey" "$greeting" "$plain"
    if [ ${#greeting} -lt 4 ]; then
        printf '%sgreetings.txt:%s: warning: "%s" is a short greeting%s\n' "$yellow" "$number" "$greeting" "$plain"
    fi
    pause
done <greetings.txt
# shellcheck disable=SC2016
echo '*) echo "greet: I do not speak $1" >&2; exit 1 ;;
esac' >>dist/greet
chmod +x dist/greet
sh -n dist/greet
printf '%s%s%d languages%s in dist/greet\n' "$bold" "$green" "$number" "$plain"
