#!/bin/sh
# Makes .venv with everything govgen needs, at the versions and hashes of the lock. Run by `make`; a second run skips it.
# With "tests" as first argument also installs what the tests need.
set -eu
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
WANT=${1:-}

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }
apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    [ -n "${APT_UPDATED:-}" ] || { apt-get update -qq; APT_UPDATED=1; }
    # Servers come for the tests, which start their own: Debian is told not to start them.
    POLICY=/usr/sbin/policy-rc.d
    if [ -e "$POLICY" ]; then POLICY=""; else printf '#!/bin/sh\nexit 101\n' >"$POLICY"; chmod 755 "$POLICY"; fi
    DONE=0
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null || DONE=$?
    [ -z "$POLICY" ] || rm -f "$POLICY"
    return "$DONE"
}

MISSING=""
need() { # name, test command, packages: installs them as root, else puts them on the list
    if eval "$2" >/dev/null 2>&1; then return; fi
    if is_root && have apt-get; then
        echo "安装 $1 / installing $1"
        apt_install $3 || true
        if eval "$2" >/dev/null 2>&1; then return; fi
    fi
    MISSING="$MISSING
  $1	sudo apt-get install -y --no-install-recommends $3"
}

need "Python ≥ 3.11" "$PYTHON -c 'import sys; assert sys.version_info >= (3, 11)'" "python3"
need "Python venv" "$PYTHON -c 'import venv, ensurepip'" "python3-venv"
need "git" "have git" "git"
if [ -n "$MISSING" ]; then
    printf '缺少下列软件，请安装后重试 / missing, please install:%s\n' "$MISSING" >&2
    exit 3
fi

if [ ! -e .venv/bin/python ]; then "$PYTHON" -m venv .venv; fi
LOCK=requirements.lock
STAMP=.venv/.ready
if [ "$WANT" = tests ]; then LOCK=requirements-test.lock; STAMP=.venv/.ready-tests; fi
SUM=$(cat "$LOCK" pyproject.toml | cksum)
if [ ! -e "$STAMP" ] || [ "$(cat "$STAMP")" != "$SUM" ]; then
    echo "安装 Python 库（$LOCK）/ installing Python libraries"
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$LOCK"
    # By a path, not by a finder: that one takes 10 ms of every command to load.
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation \
        --config-settings editable_mode=compat -e .
    printf '%s' "$SUM" > "$STAMP"
fi

if [ "$WANT" = tests ]; then
    need "Chromium" "have chromium" "chromium"
    need "中文字体 / Chinese font" "ls /usr/share/fonts/truetype/wqy/wqy-microhei.ttc" "fonts-wqy-microhei"
    need "sshd" "have sshd || ls /usr/sbin/sshd" "openssh-server"
    need "rsync" "have rsync" "rsync"
    need "Java" "have java" "default-jre-headless"
    need "npm" "have npm" "nodejs npm"
    need "nginx" "have nginx || ls /usr/sbin/nginx" "nginx-light"
    need "nginx brotli" "ls /usr/lib/nginx/modules/ngx_http_brotli_static_module.so" "libnginx-mod-http-brotli-static"
    need "Caddy" "have caddy" "caddy"
    need "openssl" "have openssl" "openssl"
    if have npm && [ -e tests/package-lock.json ] && { [ ! -e tests/node_modules/.ready ] ||
        ! cmp -s tests/package-lock.json tests/node_modules/.ready; }; then
        (cd tests && npm ci --ignore-scripts --no-audit --no-fund --silent && cp package-lock.json node_modules/.ready)
    fi
    if [ -n "$MISSING" ]; then
        printf '下列软件没有，用到它们的测试会跳过 / missing, tests that need them are skipped:%s\n' "$MISSING" >&2
    fi
fi
