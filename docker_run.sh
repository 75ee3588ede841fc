#!/usr/bin/env bash
# Builds the image and runs local_evaluation.py in it, as the evaluator would: no network, its machine's limits.
set -euo pipefail
here=$PWD
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
usage: ./docker_run.sh [--track N] [--limits phase2] [--cpu] [-- arguments of local_evaluation.py]

  --track N         the track to answer (default: the one in aicrowd.json)
  --limits phase2   end with code 3 where the evaluator would have ended the run
  --cpu             no cards: vLLM's CPU build and the embedded model (`make models` brings it)

The code is the image's. Models and questions are mounted read-only. The report comes to reports/container. A finished one
that lies there is kept as reports/container-<its time>; `-- --overwrite` replaces it.

Environment: SHOPBENCH_MODEL       a model folder, anywhere (default: models/weights, else the embedded model;
                                   with --cpu the embedded model)
             SHOPBENCH_MEMORY      memory limit, swap included (default: the evaluator's 180g; with --cpu 8g)
             SHOPBENCH_CPUS        processors, fractions allowed (default: 40; with --cpu 4; at most the machine's)
             SHOPBENCH_BUILD_ARGS  more arguments of `docker build`; `off` runs the image that is there
             AICROWD_RUN_SEED and the SHOPBENCH_ variables of the README are handed on.

Exit codes: 0 done, 2 something to fix (the message says what), 3 a time limit exceeded, 125 to 127 the engine could not
            start the container, 130 and 143 stopped by a signal, 137 killed (the memory limit, as a rule).
TEXT
}

fail() {
  echo "Error: $1" >&2
  exit 2
}

# A path as the caller gave it, from the caller's folder or from the clone, without links.
resolve() {
  (cd "$here" && readlink -e -- "$1") || readlink -e -- "$1"
}

variant=cuda
model=${SHOPBENCH_MODEL:-}
data=
evaluation=()
while [ $# -gt 0 ]; do
  case "$1" in
    --track | --limits)
      [ $# -ge 2 ] || { echo "Error: $1 needs a value" >&2; usage >&2; exit 2; }
      evaluation+=("$1" "$2")
      shift 2
      ;;
    --cpu) variant=cpu; shift ;;
    --) shift; break ;;
    -h | --help) usage; exit 0 ;;
    *) echo "Error: unknown argument $1" >&2; usage >&2; exit 2 ;;
  esac
done
# What names a path outside the container is taken out of the evaluation's arguments and mounted.
while [ $# -gt 0 ]; do
  case "$1" in
    --model | --data)
      [ $# -ge 2 ] || fail "$1 needs a value"
      if [ "$1" = --model ]; then model=$2; else data=$2; fi
      shift 2
      ;;
    --model=*) model=${1#*=}; shift ;;
    --data=*) data=${1#*=}; shift ;;
    --output | --output=*) fail "--output is not for the container: its report comes to reports/container" ;;
    *) evaluation+=("$1"); shift ;;
  esac
done

# ---- everything that can be wrong is looked at before anything is built

command -v docker > /dev/null || fail "docker is not installed: see https://docs.docker.com/engine/install"
docker info > /dev/null 2>&1 || fail "no Docker engine answers: start it, or set DOCKER_HOST (\`docker info\` says more)"

memory=${SHOPBENCH_MEMORY:-$([ "$variant" = cpu ] && echo 8g || echo 180g)}
[[ "$memory" =~ ^[1-9][0-9]*[bkmgBKMG]?$ ]] || fail "SHOPBENCH_MEMORY=$memory is no size: 8g or 500m, for example"
cpus=${SHOPBENCH_CPUS:-$([ "$variant" = cpu ] && echo 4 || echo 40)}
[[ "$cpus" =~ ^([0-9]+\.?[0-9]*|\.[0-9]+)$ && "$cpus" =~ [1-9] ]] || fail "SHOPBENCH_CPUS=$cpus is no number of processors: 4 or 1.5"
# More processors than the engine's machine has are refused. Docker and podman name them differently.
machine=$(docker info --format '{{.NCPU}}' 2> /dev/null) || machine=$(docker info --format '{{.Host.CPUs}}' 2> /dev/null) \
  || machine=$(getconf _NPROCESSORS_ONLN)
cpus=$(awk -v wanted="$cpus" -v machine="$machine" 'BEGIN {print (wanted + 0 > machine + 0 ? machine : wanted)}')

if [ "$variant" = cuda ]; then
  # The tools are looked for where the engine is: on this machine, unless DOCKER_HOST names another.
  case "${DOCKER_HOST:-unix:}" in
    unix:*)
      command -v nvidia-smi > /dev/null || fail "no NVIDIA driver here (nvidia-smi): ./docker_run.sh --cpu runs without cards"
      command -v nvidia-container-cli > /dev/null || command -v nvidia-ctk > /dev/null \
        || fail "the NVIDIA container toolkit is not installed: https://docs.nvidia.com/datacenter/cloud-native/container-toolkit"
      ;;
  esac
fi

image="shopbench-$variant"
if [ "${SHOPBENCH_BUILD_ARGS:-}" = off ]; then
  docker image inspect "$image" > /dev/null 2>&1 || fail "there is no image $image to run: build it once without SHOPBENCH_BUILD_ARGS=off"
fi

mounts=()
mounted=()
# --mount reads comma-separated values: a field in quotation marks may hold commas, spaces and colons.
mount_read_only() {
  local source="source=$1" target="target=$2"
  mounts+=(--mount "type=bind,\"${source//\"/\"\"}\",\"${target//\"/\"\"}\",readonly")
}

# The report folder is user 1001's where we are root; else it is opened for our group, which the container joins.
mkdir -p reports/container
reports=$(readlink -e reports/container)
# The ids that count for the container's user when it opens a file of ours: its own group and the one it joins.
groups=1001
user=()
if docker --version | grep -qi podman && [ "$(id -u)" != 0 ]; then
  # Rootless podman: user 1001 inside is who runs this, so files stay theirs and nothing has to be opened.
  user=(--userns "keep-id:uid=1001,gid=1001")
elif [ "$(id -u)" != 0 ] && [ "$(id -u)" != 1001 ]; then
  groups=$(stat -c %g "$reports")
  user=(--group-add "$groups")
fi

# Files and folders (and what links point to) that the container's user cannot read. A file's group is looked at before
# the others' bits: one that everybody but the group may read is closed to a member.
unreadable() {
  local member=(\( -gid 1001 -o -gid "$groups" \)) mode test=(-false)
  for mode in f:r d:rx; do
    test+=(-o -type "${mode%:*}" \( -uid 1001 ! -perm "-u=${mode#*:}" -o ! -uid 1001 "${member[@]}" ! -perm "-g=${mode#*:}"
      -o ! -uid 1001 ! "${member[@]}" ! -perm "-o=${mode#*:}" \))
  done
  find -L "$1" \( "${test[@]}" \) -print0
}

# Opens what user 1001 could not read, and nothing else, where it is ours to open.
make_readable() {
  local closed=() path bits
  if [[ "${user[*]}" = --userns* ]]; then return; fi
  mapfile -d '' closed < <(unreadable "$1" 2> /dev/null)
  [ ${#closed[@]} -gt 0 ] || return 0
  for path in "${closed[@]}"; do
    case "$(stat -L -c %g -- "$path")" in 1001 | "$groups") bits=g+rX ;; *) bits=o+rX ;; esac
    chmod "$bits" -- "$path" 2> /dev/null \
      || fail "user 1001 of the container cannot read $path, nor may you change that: its owner can, with chmod $bits"
  done
  [ -z "$(unreadable "$1" 2>&1 | tr -d '\0')" ] || fail "user 1001 of the container cannot read ${closed[0]}, and chmod changed nothing"
  echo "Made readable for user 1001 of the container (chmod $bits): ${#closed[@]} of the files and folders in $1"
}

# Mounts a folder; where it holds links that lead out of it (Hugging Face's cache does), file by file.
mount_folder() {
  local folder=$1 target=$2 file link dangling outside=
  dangling=$(find -L "$folder" -type l -print -quit)
  [ -z "$dangling" ] || fail "$dangling is a link to nothing"
  mounted+=("$folder")
  while IFS= read -r -d '' link; do
    case "$(readlink -e -- "$link")" in "$folder"/*) ;; *) outside=yes ;; esac
  done < <(find "$folder" -type l -print0)
  if [ -z "$outside" ]; then mount_read_only "$folder" "$target"; return; fi
  while IFS= read -r -d '' file; do
    mount_read_only "$(readlink -e -- "$file")" "$target${file#"$folder"}"
  done < <(find -L "$folder" -type f -print0)
}

inside=/home/aicrowd
environment=()
if [ -n "$model" ]; then
  folder=$(resolve "$model") || fail "there is no model folder $model: check SHOPBENCH_MODEL or --model"
  target="/models/$(basename -- "$folder")"
  environment+=(--env "SHOPBENCH_MODEL=$target")
elif [ "$variant" = cuda ] && [ -d models/weights ]; then
  folder=$(readlink -e models/weights) target=$inside/models/weights
else
  folder=$(readlink -e weights/SmolLM2-135M-Instruct) || fail "the embedded model is not there: run \`make models\` to bring it"
  target=$inside/weights/SmolLM2-135M-Instruct
fi
for name in config.json tokenizer.json; do
  [ -e "$folder/$name" ] || fail "$folder has no $name: is it a complete Hugging Face checkpoint?"
done
compgen -G "${folder//[\[\]*?\\]/?}/*.safetensors" > /dev/null || fail "$folder holds no *.safetensors file"
mount_folder "$folder" "$target"

# The scorer's sentence encoders: where variables name them, else where they lie in the clone.
mount_encoder() {
  local name=$1 variable=$2 folder
  if [ -n "${!variable:-}" ]; then
    folder=$(resolve "${!variable}") || fail "$variable=${!variable} is not there"
  else
    folder=$(readlink -e "weights/$name") || return 0
  fi
  mount_folder "$folder" "$inside/weights/$name"
}
mount_encoder all-MiniLM-L6-v2 SHOPBENCH_MINILM
mount_encoder paraphrase-multilingual-MiniLM-L12-v2 SHOPBENCH_MULTILINGUAL_MINILM

if [ -n "$data" ]; then
  file=$(resolve "$data") || fail "there is no file $data (--data)"
  target="/questions/$(basename -- "$file")"
  evaluation+=(--data "$target")
elif file=$(readlink -e data/development.json); then
  target=$inside/data/development.json
fi
if [ -n "$file" ]; then
  mounted+=("$file")
  mount_read_only "$file" "$target"
fi

# Only now, when nothing else stands in the way, is anything changed.

# A finished report is kept beside the one to come, unless this run continues or replaces it.
if [ -e "$reports/report.json" ] && [[ ! " ${evaluation[*]} " =~ \ --(resume|overwrite)\  ]]; then
  kept="$reports-$(date -r "$reports/report.json" +%Y%m%d-%H%M%S)"
  mv -T -- "$reports" "$kept" || fail "the finished report in $reports cannot be kept as $kept: see the message above"
  mkdir "$reports"
  echo "The finished report that lay in reports/container is now in reports/${kept##*/}."
fi
for path in "${mounted[@]}"; do make_readable "$path"; done

for name in SHOPBENCH_PROFILE SHOPBENCH_TRACK AICROWD_RUN_SEED SHOPBENCH_TIME_LIMIT SHOPBENCH_QUESTIONS SHOPBENCH_CONSTRAINTS \
  SHOPBENCH_CALIBRATION SHOPBENCH_ACCUMULATION; do
  if [ -n "${!name:-}" ]; then environment+=(--env "$name"); fi
done
cards=(--gpus all)
if [ "$variant" = cpu ]; then cards=(); evaluation=(--profile cpu "${evaluation[@]}"); fi

if [ "$(id -u)" = 0 ]; then
  chown 1001:1001 "$reports"
elif [ "${user[0]:-}" = --group-add ]; then
  chmod g+rwxs "$reports" 2> /dev/null || fail "$reports is another user's: have it removed or given to you"
fi

# ---- build

if [ "${SHOPBENCH_BUILD_ARGS:-}" != off ]; then
  read -ra more <<< "${SHOPBENCH_BUILD_ARGS:-}"
  if [ "$variant" = cpu ]; then more=(--build-arg BASE=ubuntu:22.04 "${more[@]}"); fi
  # An address may hold a password (https://user:password@host/…), which no label must show.
  source=$(git remote get-url origin 2> /dev/null | sed -E 's#//[^/@]*@#//#' || true)
  revision=$(git rev-parse HEAD 2> /dev/null || true)
  docker build --build-arg "VARIANT=$variant" --build-arg "SOURCE=$source" --build-arg "REVISION=$revision" "${more[@]}" \
    --tag "$image" . || fail "the image was not built: the builder's message is above"
fi

# ---- run

run=(docker run --rm --init --network none --hostname localhost --user 1001:1001
  --cap-drop ALL --security-opt no-new-privileges --security-opt label=disable
  --memory "$memory" --memory-swap "$memory" --shm-size 10240000000 --cpus "$cpus"
  "${user[@]}" "${cards[@]}")

if [ "$variant" = cuda ]; then
  capabilities=$("${run[@]}" "$image" nvidia-smi --query-gpu=compute_cap --format=csv,noheader) \
    || fail "the container sees no cards: the message above is nvidia-smi's or the engine's"
  [ "$(echo "$capabilities" | tr -d ' ' | sort | uniq -c | awk '{print $1 "x" $2}')" = 4x7.5 ] \
    || fail "four cards of compute capability 7.5 are needed (4 × T4); the container sees: $(echo "$capabilities" | paste -sd ' ')"
fi

echo "Limits: $cpus processors, $memory of memory without swap, 10.24 GB of shared memory within it, no network."
echo "Exit code 137 means that the container was killed: as a rule it wanted more than its $memory of memory."

# Signals are passed on, and the end is waited for. Job control keeps an interrupt from reaching the client twice.
set -m
"${run[@]}" "${environment[@]}" "${mounts[@]}" \
  --mount "type=bind,\"source=${reports//\"/\"\"}\",target=$inside/reports/container" \
  "$image" python local_evaluation.py --output reports/container "${evaluation[@]}" < /dev/null &
client=$!
trap 'signalled=yes; kill -TERM "$client" 2> /dev/null || true' TERM
trap 'signalled=yes; kill -INT "$client" 2> /dev/null || true' INT
status=0
while signalled=; do
  wait "$client" && status=0 || status=$?
  [ -n "$signalled" ] || break
done

case "$status" in
  3) echo "Exit code 3: a time limit was exceeded; the evaluator would have ended the run there." >&2 ;;
  125 | 126 | 127) echo "Exit code $status: the engine could not start the container; its message is above." >&2 ;;
  130 | 143) echo "Exit code $status: stopped by a signal. The same command with --resume after -- continues." >&2 ;;
  137)
    echo "Exit code 137: the container was killed, or the engine in it. As a rule it wanted more than its $memory of memory (SHOPBENCH_MEMORY)." >&2
    echo "What was answered is kept: the same command with --resume after -- continues." >&2
    ;;
esac
exit "$status"
