# Compares what dist/greet says with tests/expected.txt.
set -u
green=$(printf '\033[32m') red=$(printf '\033[1;31m') grey=$(printf '\033[90m') plain=$(printf '\033[0m')
passed=0
failed=0
while IFS='=' read -r language expected; do
    said=$(sh dist/greet "$language" 2>&1)
    if [ "$said" = "$expected, world!" ]; then
        printf '%sPASS%s greets in %s %s(%s)%s\n' "$green" "$plain" "$language" "$grey" "$said" "$plain"
        passed=$((passed + 1))
    else
        printf '%sFAIL%s greets in %s\n' "$red" "$plain" "$language"
        printf '     expected: %s, world!\n     but was:  %s\n' "$expected" "$said"
        failed=$((failed + 1))
    fi
    sleep 0.1 2>/dev/null || true
done <tests/expected.txt
if sh dist/greet tlh >/dev/null 2>&1; then
    printf '%sFAIL%s refuses what it does not speak\n' "$red" "$plain"
    failed=$((failed + 1))
else
    printf '%sPASS%s refuses what it does not speak\n' "$green" "$plain"
    passed=$((passed + 1))
fi
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
