#!/bin/sh
# Make the virtual environment $1 with pip in it, on a machine that has Python 3.11-3.13 and perhaps nothing else.
#
# Debian and Ubuntu ship Python without ensurepip (their package python3-venv brings it). Then, in this order:
# apt-get when we are root; the system's own pip; the pip project's bootstrap script; else one sentence.
set -eu
venv=${1:?usage: make_venv.sh FOLDER}

say() { printf '%s\n' "$*" >&2; }

works() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

find_python() {
    for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3 python; do
        # A version manager leaves commands behind that name a Python but do not start one; `works` runs it.
        if command -v "$name" >/dev/null 2>&1 && works "$name"; then
            printf '%s\n' "$name"
            return 0
        fi
    done
    return 1
}

plain() { "$python" -m venv --clear "$venv" >/dev/null 2>&1 && has_pip; }
bare() { "$python" -m venv --clear --without-pip "$venv" >/dev/null 2>&1; }
has_pip() { "$venv/bin/python" -m pip --version >/dev/null 2>&1; }

from_apt() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    say "This Python has no ensurepip; installing $package with apt-get."
    apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null 2>&1 </dev/null && plain
}

from_system_pip() {
    "$python" -m pip --version >/dev/null 2>&1 || return 1
    bare && "$python" -m pip --python "$venv/bin/python" install --quiet pip >/dev/null 2>&1 && has_pip
}

from_bootstrap() {
    say "This Python has no ensurepip; fetching pip with its project's bootstrap script."
    bare || return 1
    "$venv/bin/python" - "$venv/get-pip.py" <<'PY' || return 1
import sys
import urllib.request

try:
    with urllib.request.urlopen("https://bootstrap.pypa.io/get-pip.py", timeout=30) as answer:
        script = answer.read()
except OSError as error:
    sys.exit(f"  not reached: {error}")
with open(sys.argv[1], "wb") as file:
    file.write(script)
PY
    "$venv/bin/python" "$venv/get-pip.py" --quiet >/dev/null 2>&1 && has_pip
}

if ! python=$(find_python); then
    say "No Python 3.11, 3.12 or 3.13 found: install one (Debian, Ubuntu: sudo apt-get install python3 python3-venv)" \
        "or name it, as in: make run PYTHON=/path/to/python3.12"
    exit 1
fi
package=python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv

plain || from_apt || from_system_pip || from_bootstrap || {
    rm -rf "$venv"
    say "Python has no ensurepip, so no environment can be made: run \`sudo apt-get install $package\`, then this command again."
    exit 1
}
