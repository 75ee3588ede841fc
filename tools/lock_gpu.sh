#!/usr/bin/env bash
# Resolves the lock files that this machine's environment does not use: the container's (CUDA), AutoAWQ's and llmcompressor's. Needs uv.
# To see that one installs on Linux x86-64 with Python 3.11 without fetching gigabytes:
#   uv pip install --dry-run --require-hashes --no-deps --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
#     --target /tmp/none -r requirements/inference-cuda.lock
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
  uv pip compile -q --no-header --no-annotate --generate-hashes --python-version 3.11 \
    --python-platform x86_64-manylinux_2_28 "$@"
}

# Keeps the entries of a lock whose package name matches a pattern, or with -v the others.
entries() {
  local negate=0
  if [ "$1" = -v ]; then negate=1; shift; fi
  awk -v pattern="^($1)==" -v negate=$negate '/^[a-z0-9]/ {keep = ($0 ~ pattern) != negate} keep' "$2"
}

compile requirements/inference-cuda.in -o requirements/inference-cuda.lock
# The same pins without hashes, for images that are built from a requirements.txt and for a plain `pip install -r`.
{
  echo "# What answers questions on GPUs: the pins of requirements/inference-cuda.lock (tools/lock_gpu.sh writes both)."
  sed -nE 's/^([a-z0-9][^ ;]*==[^ ;]+).*/\1/p' requirements/inference-cuda.lock
} > requirements.txt
compile -c requirements/inference-cuda.lock requirements/evaluation.in -o requirements/evaluation-cuda.lock

# Fine-tuning on GPUs: what the two locks above do not hold yet.
compile -c requirements/inference-cuda.lock -c requirements/evaluation-cuda.lock \
  requirements/training.in requirements/training-cuda.in -o training.tmp
held=$(sed -nE 's/^([a-z0-9][^ =]*)==.*/\1/p' requirements/inference-cuda.lock requirements/evaluation-cuda.lock | sort -u | paste -sd'|')
entries -v "$held" training.tmp > requirements/training-cuda.lock
rm training.tmp
# QLoRA and ZeRO-3 on a CPU: what cpu.lock does not hold of it, at the same versions.
entries 'bitsandbytes|deepspeed|hjson|msgpack' requirements/training-cuda.lock > requirements/qlora-cpu.lock

# AutoAWQ: PyTorch with what it brings along on GPUs, AutoAWQ itself (a source archive), and the rest.
compile --no-build-isolation training/requirements-awq.in -o awq.tmp
entries 'torch|triton|nvidia-.*|cuda-.*' awq.tmp > requirements/torch-cuda.lock
entries autoawq awq.tmp > training/requirements-awq-source.txt
entries -v 'torch|triton|nvidia-.*|cuda-.*|autoawq' awq.tmp > training/requirements-awq.txt
rm awq.tmp

# llmcompressor, on the same PyTorch.
compile -c requirements/torch-cuda.lock training/requirements-llmcompressor.in -o llmcompressor.tmp
entries -v 'torch|triton|nvidia-(c|n[cv])[^=]*|cuda-.*' llmcompressor.tmp > training/requirements-llmcompressor.txt
rm llmcompressor.tmp
