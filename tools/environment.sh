#!/usr/bin/env bash
# Builds a virtual environment from hash-pinned lock files, unless it was built from files of just this content before.
# usage: tools/environment.sh FOLDER LOCK…   (PYTHON: which Python 3.11; TORCH_INDEX: where PyTorch's CPU build is)
set -euo pipefail
folder=$1
shift
PYTHON=${PYTHON:-python3.11}
TORCH_INDEX=${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}

fail() {
  echo "Error: $*" >&2
  exit 2
}

# Clearing an environment through a link would empty somebody else's.
[ ! -L "$folder" ] || fail "$folder is a link to $(readlink "$folder"), which may belong to another checkout." \
  "Remove the link (rm $folder) to build one here, or run make where it points to"
content=$(sha256sum "$@")
if [ -f "$folder/complete" ] && [ "$(cat "$folder/complete")" = "$content" ]; then exit 0; fi

"$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
  fail "Python 3.11 is needed, $PYTHON is another version: make PYTHON=/path/to/python3.11"
case " $* " in
  *" requirements/cpu.lock "*)
    "$PYTHON" -c 'import ctypes; ctypes.CDLL("libnuma.so.1")' 2> /dev/null ||
      fail "libnuma is missing, which vLLM's CPU build loads: apt-get install libnuma1 (Debian, Ubuntu)" \
        "or dnf install numactl-libs (Fedora, RHEL)"
    ;;
esac

install() {
  "$folder/bin/python" -m pip install --disable-pip-version-check --no-deps --require-hashes "$@"
}

echo "building $folder with $PYTHON (a few minutes, once)"
"$PYTHON" -m venv --clear "$folder"
for lock in "$@"; do
  echo "$folder: installing $lock"
  case "$lock" in
    */torch-cpu.lock)
      # From where pip is set up to look, else from PyTorch's own index.
      install -r "$lock" || {
        echo "$folder: that failed for the reason above; trying PyTorch's own index, $TORCH_INDEX"
        install -r "$lock" --index-url "$TORCH_INDEX"
      }
      ;;
    *-source.txt) install --no-build-isolation -r "$lock" ;;
    *) install -r "$lock" ;;
  esac || fail "$lock could not be installed, for the reason above: $folder is not complete, the same command begins again"
done
# Last and in one step: an environment that was interrupted is built again.
echo "$content" > "$folder/complete.tmp"
mv "$folder/complete.tmp" "$folder/complete"
echo "$folder is complete"
