# Greets in a language: greet [LANGUAGE]
language=${1:-en}
greeting=$(sed -n "s/^$language=//p" "$(dirname "$0")/greetings.txt")
if [ -z "$greeting" ]; then
    echo "greet: I do not speak '$language'" >&2
    exit 1
fi
echo "$greeting, world!"
