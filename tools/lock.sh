#!/usr/bin/env bash
# Resolves requirements/*.in to hash-pinned lock files. Needs uv. TORCH_SOURCE says where PyTorch's CPU wheels are.
set -euo pipefail
cd "$(dirname "$0")/../requirements"
TORCH_SOURCE=${TORCH_SOURCE:---extra-index-url https://download.pytorch.org/whl/cpu --index-strategy unsafe-best-match}

# shellcheck disable=SC2086  # TORCH_SOURCE is several words on purpose
compile() {
  uv pip compile -q --no-header --no-annotate --generate-hashes --python-version 3.11 \
    --python-platform x86_64-manylinux_2_28 $TORCH_SOURCE "$@"
}

compile --overrides overrides-cpu.txt inference-cpu.in unpacking.in evaluation.in training.in dev.in -o all.tmp
# PyTorch stands in a file of its own, since it comes from an index of its own.
awk '/^torch==/ {inside=1} /^[a-z]/ && !/^torch==/ {inside=0} inside' all.tmp > torch-cpu.lock
awk '/^torch==/ {inside=1} /^[a-z]/ && !/^torch==/ {inside=0} !inside' all.tmp > cpu.lock
rm all.tmp
for name in models models-qwen linters pip; do
  uv pip compile -q --no-header --no-annotate --no-deps --generate-hashes --python-version 3.11 "$name.in" -o "$name.lock"
done
