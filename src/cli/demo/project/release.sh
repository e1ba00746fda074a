# Packs a release: release.sh VERSION, with the channel in the environment.
set -eu
version=$1
archive=dist/greet-$version.tar
git archive --format=tar --prefix="greet-$version/" -o "$archive" HEAD
printf '\033[1mgreet %s\033[0m for \033[36m%s\033[0m: %s\n' "$version" "${CHANNEL:-testing}" "$archive"
