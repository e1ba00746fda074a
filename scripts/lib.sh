# What the scripts beside this file share. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\n== %s\n' "$*"; }

# need PROGRAM PACKAGE ...: installs the packages of programs that are missing, or says how to.
need() {
    local missing=()
    while [ $# -gt 0 ]; do
        command -v "$1" >/dev/null 2>&1 || missing+=("$2")
        shift 2
    done
    [ ${#missing[@]} -eq 0 ] || need_package "${missing[@]}"
}

# need_package PACKAGE ...: installs packages, or says how to.
need_package() {
    if [ "$(id -u)" -ne 0 ]; then
        printf 'These packages are needed. Please run:\n\n    sudo apt-get install -y %s\n\nand then this command again.\n' "$*" >&2
        exit 1
    fi
    say "Installing $*"
    apt-get update -qq
    # At runlevel 1 nothing that is installed starts a service.
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
}

# Rust is not in the list: which version, and from where, is the user's choice. What the build wants besides is: a C
# compiler, and OpenSSL, with which `buildbot try --connect=ssh` encrypts.
need_rust() {
    if ! command -v cargo >/dev/null 2>&1; then
        printf 'cargo was not found. This needs Rust %s or later.\n' "$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")" >&2
        exit 1
    fi
    need cc gcc pkg-config pkg-config
    pkg-config --exists openssl || need_package libssl-dev
}

target_dir() { printf '%s' "${CARGO_TARGET_DIR:-$root/target}"; }

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 20000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { printf '%s' "$port"; return; }
    done
}

# get PORT PATH: the body of http://127.0.0.1:PORT/PATH, with nothing but bash.
get() {
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'GET /%s HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n' "$2" >&3
    sed '1,/^\r$/d' <&3
    exec 3<&- 3>&-
}

# need_browser: Chromium, node, and the packages of the browser tests as their lock file names them.
need_browser() {
    [ -n "${CHROMIUM:-}" ] || need chromium chromium
    need node nodejs npm npm
    local tests="$root/tests/browser"
    cmp -s "$tests/package-lock.json" "$tests/node_modules/.installed" && return
    say "Installing the packages of tests/browser"
    npm --prefix "$tests" ci --no-fund --no-audit --loglevel=error
    cp "$tests/package-lock.json" "$tests/node_modules/.installed"
}
