# The submission's image: vLLM and the evaluation, no weights. Build and run it with ./docker_run.sh.
# Two variants share every step: `cuda` for 4 × T4, and `cpu` (with BASE=ubuntu:22.04) to try the container anywhere.
# The syntax is the classic one, since the competition's builder is not known. It would process every stage, used or not:
# hence a base that is an argument. Nothing here could look digests up, so tags are not joined by them: give
# BASE=name@sha256:… or UV=name@sha256:… to pin one.

# CUDA 13 is what vLLM 0.32 and its PyTorch are built for, and the last major version so far that serves the T4
# (SM 7.5). `base` is enough: the CUDA libraries come as Python packages, hash-pinned with the rest. It also brings
# cuda-compat, with which data-centre hosts whose driver is older than CUDA 13 can run it.
ARG BASE=nvidia/cuda:13.0.2-base-ubuntu22.04
ARG UV=ghcr.io/astral-sh/uv:0.13.9

# hadolint ignore=DL3006
FROM ${UV} AS uv

# hadolint ignore=DL3006
FROM ${BASE}

# gcc: Triton (attention on SM 7.5) compiles a launcher at start. git: the evaluator's tools expect it. libnuma1: vLLM's
# CPU build binds threads with it. The release gets security updates only, so versions are not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates g++ gcc git libc6-dev libnuma1 \
    && rm -rf /var/lib/apt/lists/*

# Ubuntu 22.04 has Python 3.10 and no final 3.11; uv brings a pinned 3.11 with headers, checked by hash. PYTHON may also
# be the path of an interpreter in the base. Byte code is compiled here: user 1001 could not write it, and every process
# of every start would compile vLLM again, inside the time limit.
COPY --from=uv /uv /usr/local/bin/uv
ENV UV_PYTHON_INSTALL_DIR=/opt/python \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_COMPILE_BYTECODE=1 \
    LANG=C.UTF-8 \
    VIRTUAL_ENV=/opt/venv \
    PATH=/opt/venv/bin:$PATH
ARG PYTHON=3.11.18
RUN case "$PYTHON" in /*) ;; *) uv python install "$PYTHON" ;; esac \
    && uv venv --python "$PYTHON" /opt/venv

# Hashes are checked and nothing is resolved. Two packages (ipadic, rouge-score) come as sources: the setuptools that
# builds them is the lock's, installed first and by hash like the rest. PyTorch's CPU build has an index of its own.
ARG VARIANT=cuda
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY requirements/pip.lock requirements/*${VARIANT}.lock /tmp/requirements/
WORKDIR /tmp/requirements
RUN install="uv pip install --require-hashes --no-deps --no-build-isolation" \
    && case "$VARIANT" in \
        cuda) locks="inference-cuda.lock evaluation-cuda.lock" ;; \
        cpu) locks=cpu.lock ;; \
        *) echo "VARIANT=$VARIANT is unknown: cuda or cpu" >&2; exit 2 ;; \
    esac \
    && if [ "$VARIANT" = cpu ]; then $install --default-index "$TORCH_INDEX" -r torch-cpu.lock; fi \
    && for lock in $locks; do awk '/^[a-z0-9]/ {keep = /^setuptools==/} keep' "$lock" > setuptools.lock || exit 1; done \
    && $install -r pip.lock -r setuptools.lock \
    && for lock in $locks; do $install -r "$lock" || exit 1; done

# The evaluator runs submissions as user 1001; what it writes (caches, reports) goes to its home.
RUN groupadd --gid 1001 aicrowd && useradd --uid 1001 --gid 1001 --create-home aicrowd
USER 1001:1001
WORKDIR /home/aicrowd
ENV HOME=/home/aicrowd \
    HF_HUB_OFFLINE=1 \
    TRANSFORMERS_OFFLINE=1 \
    VLLM_NO_USAGE_STATS=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

COPY --chown=1001:1001 aicrowd.json local_evaluation.py ./
COPY --chown=1001:1001 data data
COPY --chown=1001:1001 evaluation evaluation
COPY --chown=1001:1001 models models
COPY --chown=1001:1001 submission submission

# SOURCE and REVISION: where the code lies and at which commit, which docker_run.sh reads off the clone.
ARG SOURCE=
ARG REVISION=
LABEL org.opencontainers.image.title="shopbench" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}"
CMD ["python", "local_evaluation.py"]
