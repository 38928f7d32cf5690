#!/bin/sh
# Print a Python that can make the project's environment: 3.11 or newer, with venv and pip in it.
# PYTHON=... chooses one.
set -eu

usable() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
    if usable "$candidate"; then
        command -v "$candidate"
        exit 0
    fi
done

echo "No usable Python among: ${PYTHON:-python3, python3.11 to python3.14, python}." \
    "Install Python 3.11 or newer with its venv module (on Debian and Ubuntu: python3 and python3-venv)," \
    "or name one with PYTHON=..." >&2
exit 1
