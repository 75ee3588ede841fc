# The submission's image: vLLM and the evaluation, no weights. Build and run it with ./docker_run.sh.
# Two variants share every step: `cuda` for 4 × T4, and `cpu` to try the container on any machine.
ARG VARIANT=cuda

# CUDA 13 is what vLLM 0.32 and its PyTorch are built for, and the last major version so far that serves the T4
# (SM 7.5). `base` is enough: the CUDA libraries come as Python packages, hash-pinned with the rest. It also brings
# cuda-compat, with which data-centre hosts whose driver is older than CUDA 13 can run it.
FROM nvidia/cuda:13.0.2-base-ubuntu22.04 AS cuda-base
FROM ubuntu:22.04 AS cpu-base

# hadolint ignore=DL3006
FROM ${VARIANT}-base
ARG VARIANT

# gcc: Triton (attention on SM 7.5) compiles a launcher at start. git: the evaluator's tools expect it. libnuma1: vLLM's
# CPU build binds threads with it. The release gets security updates only, so versions are not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates g++ gcc git libc6-dev libnuma1 \
    && rm -rf /var/lib/apt/lists/*

# Ubuntu 22.04 has Python 3.10 and no final 3.11; uv brings a pinned 3.11 with headers, checked by hash.
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /usr/local/bin/uv
ENV UV_PYTHON_INSTALL_DIR=/opt/python \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    VIRTUAL_ENV=/opt/venv \
    PATH=/opt/venv/bin:$PATH
RUN uv python install 3.11.18 && uv venv --python 3.11.18 /opt/venv

# Hashes are checked and nothing is resolved. PyTorch's CPU build comes from an index of its own.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY requirements/*.lock /tmp/requirements/
RUN install="uv pip install --require-hashes --no-deps" \
    && case "$VARIANT" in \
        cuda) for lock in inference-cuda evaluation-cuda; do $install -r "/tmp/requirements/$lock.lock" || exit 1; done ;; \
        cpu) $install --index-url "$TORCH_INDEX" -r /tmp/requirements/torch-cpu.lock \
            && $install -r /tmp/requirements/cpu.lock ;; \
    esac

# The evaluator runs submissions as user 1001; what it writes (caches, reports) goes to its home.
RUN groupadd --gid 1001 aicrowd && useradd --uid 1001 --gid 1001 --create-home aicrowd
USER 1001:1001
WORKDIR /home/aicrowd
ENV HOME=/home/aicrowd \
    HF_HUB_OFFLINE=1 \
    TRANSFORMERS_OFFLINE=1 \
    VLLM_NO_USAGE_STATS=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

COPY --chown=1001:1001 aicrowd.json local_evaluation.py ./
COPY --chown=1001:1001 data data
COPY --chown=1001:1001 evaluation evaluation
COPY --chown=1001:1001 models models
COPY --chown=1001:1001 submission submission
CMD ["python", "local_evaluation.py"]
