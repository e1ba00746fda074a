# Makes dist/manual.html of docs/usage.md.
set -eu
mkdir -p dist
{
    echo '<!doctype html><meta charset="utf-8"><title>greet</title>'
    sed -e 's/&/\&amp;/g; s/</\&lt;/g' \
        -e 's/^# \(.*\)/<h1>\1<\/h1>/' \
        -e 's/^- \(.*\)/<li>\1<\/li>/' \
        -e 's/`\([^`]*\)`/<code>\1<\/code>/g' docs/usage.md
} >dist/manual.html
printf '\033[32mok\033[0m   dist/manual.html, %d lines\n' "$(($(wc -l <dist/manual.html)))"
