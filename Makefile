# The project's verbs. `make evaluate` and `make test` are all that a fresh machine with Python 3.11, pip, make and libnuma needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# PyTorch's CPU build is not on PyPI: it is taken from wherever pip is configured to look, else from PyTorch's own index.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
MODELS := weights/SmolLM2-135M-Instruct weights/all-MiniLM-L6-v2 weights/Qwen2-tokenizer
PIP := .venv/bin/python -m pip install --disable-pip-version-check --no-deps --require-hashes

# Whose PyTorch AutoAWQ and llmcompressor get: `cpu`, or `cuda` on a machine with GPUs.
AWQ_TORCH ?= cpu

# Where `make check-t4` installs the CUDA build.
T4_ENV ?= .venv-t4

# .venv holds the CPU builds: its commands answer on the CPU also where there are cards.
export SHOPBENCH_PROFILE ?= cpu

.DEFAULT_GOAL := help
.PHONY: help evaluate test test-slow container-test load lint linters format audit setup models models-qwen train-tiny gpu-env qlora-env awq-env llmcompressor-env finetune-demo audit-questions check-t4 check-submission clean

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 28

evaluate: setup models ## answer and score questions with the embedded model (ARGS="--help" for the options)
	.venv/bin/python local_evaluation.py $(ARGS)

test: setup models ## run the default test suite, a process a core (at most four)
	OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n auto --maxprocesses 4 --dist worksteal $(ARGS)

setup: ## build .venv from the hash-pinned lock files, where their content is new
	@PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" tools/environment.sh .venv requirements/torch-cpu.lock requirements/cpu.lock

models: $(MODELS) ## bring the embedded model, the scorer's sentence embeddings and Qwen2's tokenizer

models-qwen: setup ## bring a real half-billion Qwen2-family model (FROM=folder, GGUF file or hub name: yours in its place)
	.venv/bin/python -m tools.fetch_qwen $(if $(FROM),--from "$(FROM)") $(ARGS)

weights/%: | setup
	.venv/bin/python -m tools.fetch_models $*

test-slow: setup models ## run the tests that take minutes (noise over all public questions, kills, tensor parallelism)
	.venv/bin/python -m pytest -q -o addopts="" tests/slow $(ARGS)

container-test: setup models ## build the cpu image and try its limits (Docker, or root with docker.io and debootstrap; 10 GB of disk)
	.venv/bin/python -m pytest -q -rs -o addopts="" tests/slow/test_container.py $(ARGS)

load: setup models ## an hour of questions through one engine: memory, speed, what is left behind
	.venv/bin/python -m benchmarks.load $(ARGS)

train-tiny: setup models ## all steps of fine-tuning in minutes, on 200 questions that ship; ends with a page of pictures
	.venv/bin/python -m training.build_dataset --recipe training/recipes/data_tiny.yaml
	.venv/bin/python -m training.pipeline --recipe training/recipes/tiny.yaml $(if $(wildcard .venv-awq/complete),,--set awq=null) $(ARGS)

finetune-demo: setup models ## fine-tune the embedded model end to end: hours on a CPU, resumable
	.venv/bin/python -m training.pipeline --recipe training/recipes/cpu_demo.yaml $(ARGS)

gpu-env: ## build .venv-gpu, which fine-tunes and evaluates on GPUs (docs/fine_tuning.md)
	@PYTHON="$(PYTHON)" tools/environment.sh .venv-gpu requirements/inference-cuda.lock requirements/evaluation-cuda.lock \
	  requirements/training-cuda.lock

qlora-env: ## build .venv-qlora, which tries QLoRA and ZeRO-3 on a CPU (docs/fine_tuning.md)
	@PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" tools/environment.sh .venv-qlora requirements/torch-cpu.lock \
	  requirements/cpu.lock requirements/qlora-cpu.lock

awq-env: ## build AutoAWQ's own environment (AWQ_TORCH=cuda on GPUs), which training.calibrate_awq calls
	@PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" tools/environment.sh .venv-awq requirements/torch-$(AWQ_TORCH).lock \
	  training/requirements-awq.txt training/requirements-awq-source.txt

audit-questions: setup ## build training questions from the published files in data/sources, and say what is wrong with them
	.venv/bin/python -m training.show_questions --audit $(if $(RECIPE),--recipe "$(RECIPE)") $(ARGS)

llmcompressor-env: ## build llmcompressor's own environment, for calibrate_awq --backend llmcompressor (AWQ_TORCH=cuda on GPUs)
	@PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" tools/environment.sh .venv-llmcompressor \
	  requirements/torch-$(AWQ_TORCH).lock training/requirements-llmcompressor.txt

check-t4: ## check without a card what the CUDA build does on 4 × T4 (9 GB in an environment of its own, .venv-t4)
	@PYTHON="$(PYTHON)" tools/environment.sh $(T4_ENV) requirements/inference-cuda.lock
	$(T4_ENV)/bin/python -m tools.check_t4

check-submission: setup ## say whether this folder could be pushed to the competition
	.venv/bin/python -m evaluation.check_submission $(ARGS)

lint: linters ## format check, lint and types; lint of the Dockerfile and the shell scripts
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/hadolint Dockerfile
	.venv/bin/shellcheck docker_run.sh tools/*.sh

linters: setup
	@sha256sum --check --status .venv/linters 2>/dev/null \
	  || { $(PIP) -r requirements/linters.lock && sha256sum requirements/linters.lock > .venv/linters; }

audit: .venv-audit/complete ## look the locked dependencies up among the published vulnerabilities (needs the network)
	@for file in requirements/*.lock training/requirements-*.txt; do \
	  echo "$$file"; .venv-audit/bin/pip-audit --strict --disable-pip --no-deps -r $$file || failed=1; done; exit $${failed:-0}

.venv-audit/complete:
	@[ ! -L .venv-audit ] || { echo "Error: .venv-audit is a link: remove it (rm .venv-audit)" >&2; exit 2; }
	$(PYTHON) -m venv --clear .venv-audit
	.venv-audit/bin/python -m pip install -q --disable-pip-version-check pip-audit==2.10.1
	@touch $@

format: setup ## format, and fix what the linter can fix
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

clean: ## remove the environment, and models that the other targets make (reports stay)
	rm -rf .venv .venv-awq .venv-llmcompressor .venv-gpu .venv-audit .venv-t4 weights .cache
