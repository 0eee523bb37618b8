#!/usr/bin/env bash
# Makes the Python environment of the tests: test/python/install.sh [FOLDER]. They look in runs/python, which is where it goes
# unless a folder is given, and before that at UNDERSTUDY_PYTHON, an interpreter.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
folder="${1:-$here/../../runs/python}"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --retries 1 --timeout 15 --no-deps \
  -r "$here/pinned.txt"
