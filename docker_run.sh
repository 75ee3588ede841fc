#!/usr/bin/env bash
# Builds the image and runs local_evaluation.py in it, as the evaluator would: no network, its machine's limits.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
usage: ./docker_run.sh [--track N] [--limits phase2] [--cpu] [-- arguments of local_evaluation.py]

  --track N         the track to answer (default: the one in aicrowd.json)
  --limits phase2   end with code 3 where the evaluator would have ended the run
  --cpu             no cards: vLLM's CPU build and the embedded model (`make models` brings it)

The report comes to reports/container.

Environment: SHOPBENCH_MODEL  a model folder inside this repository (default: models/weights, else the embedded model)
             SHOPBENCH_MEMORY, SHOPBENCH_CPUS  limits of the container (default: the evaluator's 180g and 40)
TEXT
}

variant=cuda
cards=(--gpus all)
evaluation=()
while [ $# -gt 0 ]; do
  case "$1" in
    --track | --limits)
      [ $# -ge 2 ] || { echo "error: $1 needs a value" >&2; usage >&2; exit 2; }
      evaluation+=("$1" "$2")
      shift 2
      ;;
    --cpu) variant=cpu cards=() evaluation+=(--profile cpu); shift ;;
    --) shift; evaluation+=("$@"); break ;;
    -h | --help) usage; exit 0 ;;
    *) echo "error: unknown argument $1" >&2; usage >&2; exit 2 ;;
  esac
done

command -v docker > /dev/null || { echo "error: docker is not installed: see https://docs.docker.com/engine/install" >&2; exit 2; }
docker build --build-arg "VARIANT=$variant" --tag "shopbench-$variant" .

# More processors than the machine has are refused by Docker.
cpus=${SHOPBENCH_CPUS:-40}
if [ "$cpus" -gt "$(nproc)" ]; then cpus=$(nproc); fi

# The repository is mounted, so that weights and reports stay outside the image; user 1001 must be able to read it and
# to write a report folder, one of its own, since reports/latest may be another user's. vLLM's workers exchange tensors
# through /dev/shm.
mkdir -p reports/container
chmod a+rwx reports/container
for folder in weights models/weights; do
  if [ -d "$folder" ]; then chmod -R a+rX "$folder"; fi
done
environment=()
if [ -n "${SHOPBENCH_MODEL:-}" ]; then environment=(--env "SHOPBENCH_MODEL=$SHOPBENCH_MODEL"); fi
exec docker run --rm \
  --network none \
  --user 1001:1001 \
  --shm-size 16g \
  --memory "${SHOPBENCH_MEMORY:-180g}" \
  --cpus "$cpus" \
  "${cards[@]}" \
  "${environment[@]}" \
  --volume "$PWD:/submission" \
  --workdir /submission \
  "shopbench-$variant" python local_evaluation.py --output reports/container "${evaluation[@]}"
