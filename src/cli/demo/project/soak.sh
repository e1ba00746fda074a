# Runs the program again and again: soak.sh SECONDS
seconds=${1:-60}
bar() {
    filled=$(($1 * 30 / seconds))
    done=$(printf '%*s' "$filled" '' | tr ' ' '#')
    todo=$(printf '%*s' "$((30 - filled))" '' | tr ' ' '.')
    printf '\033[32m%s\033[90m%s\033[0m' "$done" "$todo"
}
second=0
while [ "$second" -lt "$seconds" ]; do
    second=$((second + 1))
    said=$(sh dist/greet en) || exit 1
    printf '%s %4d/%d  %s\n' "$(bar "$second")" "$second" "$seconds" "$said"
    sleep 1
done
printf '\033[1;32mstill polite after %d seconds\033[0m\n' "$seconds"
