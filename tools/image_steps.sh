#!/usr/bin/env bash
# Walks the Dockerfile's steps (variant cpu) without a Docker engine: a fresh virtual environment from the lock files, the
# files that are copied, then docker_run.sh's evaluation under phase 2's limits as user 1001 without network.
# usage: tools/image_steps.sh [arguments of local_evaluation.py]   (needs Python 3.11; as root also iproute2, for user and network)
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3.11}
TORCH_INDEX=${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod a+rx "$folder"

echo "== install: hashes are checked, nothing is resolved"
"$PYTHON" -m venv "$folder/venv"
install="$folder/venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes"
# PyTorch's CPU build: from where pip is set up to look, else from PyTorch's own index.
$install -r requirements/torch-cpu.lock 2> /dev/null || $install -r requirements/torch-cpu.lock --index-url "$TORCH_INDEX"
$install -r requirements/cpu.lock

echo "== copy: what the Dockerfile copies, less what .dockerignore holds back"
mkdir "$folder/image"
sed -nE 's/^COPY --chown=[0-9:]+ (.*) [^ ]+$/\1/p' Dockerfile | tr ' ' '\n' | while read -r source; do
  git ls-files -z -- "$source" | xargs -0 cp --parents -t "$folder/image"
done
(cd "$folder/image" && "$folder/venv/bin/python" -c "import models.user_config, local_evaluation")

echo "== run: a clone stands for the mounted repository"
git clone -q --no-hardlinks . "$folder/submission"
if [ -d weights ]; then cp -rL weights "$folder/submission/"; fi
mkdir "$folder/submission/reports" "$folder/home"
chmod -R a+rX "$folder"
as_evaluator=()
if [ "$(id -u)" = 0 ]; then
  chown -R 1001:1001 "$folder/submission/reports" "$folder/home"
  # Docker's --network none leaves a loopback device that is up: vLLM's processes meet there.
  # shellcheck disable=SC2016 # $@ is the inner shell's
  as_evaluator=(unshare --net bash -c 'ip link set lo up && exec setpriv --reuid 1001 --regid 1001 --clear-groups "$@"' bash)
fi
cd "$folder/submission"
HOME="$folder/home" HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 VLLM_NO_USAGE_STATS=1 PYTHONDONTWRITEBYTECODE=1 \
  "${as_evaluator[@]}" "$folder/venv/bin/python" local_evaluation.py --output reports/container --profile cpu --limits phase2 "$@"
