#!/bin/sh
# Makes .venv with everything that development needs. Asks for nothing but Python 3.11 with pip;
# another Python than the first one found is named by: make setup PYTHON_FOR_VENV=python3.13
set -eu
cd "$(dirname "$0")/.."

ready=.venv/.ready
uv_version=$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' constraints.txt)

find_python() {
  for candidate in ${PYTHON_FOR_VENV:-python3 python3.13 python3.12 python3.11 python}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "no Python 3.11 or newer was found. Install one, or name it: make setup PYTHON_FOR_VENV=..." >&2
  return 1
}

make_environment() {
  if "$1" -m pip --version >/dev/null 2>&1; then
    # Some systems leave pip out of new environments, so the pip outside is used.
    "$1" -m venv --clear --without-pip .venv
    "$1" -m pip --quiet --disable-pip-version-check --python .venv/bin/python install "uv==$uv_version"
  else
    "$1" -m venv --clear .venv
    .venv/bin/python -m pip --quiet --disable-pip-version-check install "uv==$uv_version"
  fi
}

is_usable() {
  [ "$(cat "$ready" 2>/dev/null)" = "$PWD" ] &&
    [ "$(.venv/bin/python -m uv --version 2>/dev/null | cut -d' ' -f2)" = "$uv_version" ]
}

if ! is_usable; then
  python=$(find_python)
  make_environment "$python"
fi
rm -f "$ready"

.venv/bin/python -m uv pip install --quiet --python .venv/bin/python \
  --constraints constraints.txt --build-constraints constraints.txt \
  --editable '.[dev]' --group test --group lint --group browser

pwd > "$ready"
