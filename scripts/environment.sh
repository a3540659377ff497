# shellcheck shell=bash
# Sourced by the other scripts: finds Python, makes .venv, installs into it. Says what it does, on stderr.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv

say() { printf 'tocsin: %s\n' "$*" >&2; }
refuse() { # MESSAGE MEND
    printf 'tocsin: %s\n  %s\n' "$1" "$2" >&2
    exit 3
}

# Runs a command as root, if that is possible without asking anybody.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Installs Debian packages. Fails when this is no Debian or nobody lets us.
debian_install() {
    command -v apt-get >/dev/null || return 1
    as_root true 2>/dev/null || return 1
    say "installing with apt-get: $*"
    as_root apt-get update -qq -o Acquire::http::Timeout=10 -o Acquire::Retries=0 >&2 || say "apt-get update failed; trying with the lists that are there"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

is_usable_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

makes_venvs() {
    "$1" -c 'import ensurepip, sqlite3, ssl, venv' 2>/dev/null
}

# Prints a Python that is new enough. The system's own comes first: distributions build it with profile-guided optimisation,
# version managers mostly do not, and the same mail then takes a seventh longer.
find_python() {
    local candidate
    for candidate in /usr/bin/python3 python3.11 python3.12 python3.13 python3; do
        is_usable_python "$candidate" || continue
        if makes_venvs "$candidate" ||
            { [ "$candidate" = /usr/bin/python3 ] && debian_install python3-venv && makes_venvs "$candidate"; }; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

make_venv() {
    local python
    python=$(find_python) || { debian_install python3 python3-venv && python=$(find_python); } ||
        refuse "There is no Python 3.11 or newer that can make virtual environments." \
            "Install one; on Debian: apt-get install python3 python3-venv"
    say "making .venv with $("$python" --version)"
    "$python" -m venv "$venv" >&2 || refuse "$venv cannot be made." "See the lines above; then try again."
}

# ensure_installed run|test|bench: what that needs is in .venv afterwards. Does nothing when it is there already.
ensure_installed() {
    local wanted extras='' stamp
    wanted=$(cd "$root" && { echo "$root"; cat pyproject.toml constraints.txt; } | sha256sum)
    stamp=$venv/installed-$1
    [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return
    [ "$1" = run ] || extras="[$1]"

    exec {lock}<"$root"
    flock "$lock"
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || make_venv
    say "installing Tocsin and what it needs into .venv (a minute or so the first time)"
    (cd "$root" && "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --constraint constraints.txt --editable ".$extras" >&2) ||
        refuse "pip could not install what Tocsin needs." "See the lines above. A connection to a Python package index is needed."
    echo "$wanted" >"$venv/installed-run"
    echo "$wanted" >"$stamp"
    exec {lock}<&-
}
