#!/bin/sh
# Print the path of a Chromium that runs here, and get one where there is none:
# the one in EXPLORER_BROWSER, the system's, Debian's package (as root on Debian), Playwright's own.
# What the installers say goes to stderr, so that stdout is the path and nothing else.
# usage: deploy/browser.sh PYTHON   (the environment's Python, which has Playwright)
set -eu
python=${1:-python3}

runs() {
    path=$(command -v "$1" 2>/dev/null) && "$path" --version >/dev/null 2>&1
}

found() {
    echo "$path"
    exit 0
}

system() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if runs "$name"; then found; fi
    done
}

if [ -n "${EXPLORER_BROWSER:-}" ]; then
    if runs "$EXPLORER_BROWSER"; then found; fi
    echo "EXPLORER_BROWSER=$EXPLORER_BROWSER does not run; name a Chromium or Chrome, or unset it." >&2
    exit 1
fi

system

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && grep -qs '^ID=debian' /etc/os-release; then
    echo "No Chromium here: installing Debian's package." >&2
    if apt-get update -q >&2 &&
        DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium >&2; then
        system
    fi
fi

echo "No Chromium here: asking Playwright for its own." >&2
if "$python" -m playwright install $([ "$(id -u)" != 0 ] || echo --with-deps) chromium >&2 </dev/null ||
    "$python" -m playwright install chromium >&2 </dev/null; then
    path=$("$python" -c '
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)') || path=playwright-has-none
    if runs "$path"; then found; fi
fi

echo "No Chromium that runs was found or could be installed, and the browser tests need one:" \
    "install Chromium or Chrome, or name one with EXPLORER_BROWSER=..." >&2
exit 1
