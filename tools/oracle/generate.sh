#!/usr/bin/env bash
# Regenerates the fixtures of the oracle: all, or those of the scripts that are named.
#
#   tools/oracle/generate.sh [--seed N] [--sizes S,M,L] [--scale N] [--reference 1] [--out FOLDER] [script...]
#
# Another seed gives every sample other numbers, --sizes the database's tensors other sizes, --scale more and larger
# samples, --reference 1 the longer list that the database holds PyTorch's references against. With --out the fixtures are
# written beneath FOLDER; `KINDLING_FIXTURES=FOLDER pnpm vitest run oracle` tests them.
# PYTHON: an interpreter with PyTorch (the newest is the reference); PYTHON_OLD: one with another version, whose criterion
# tests are drawn as well (PyTorch 1.13's list is much longer). PYTHON_SKLEARN: one with scikit-learn, for `metrics`.
set -euo pipefail
while [[ ${1:-} == --* ]]; do
  case $1 in
    --seed) export ORACLE_SEED=$2 ;;
    --sizes) export ORACLE_SIZES=$2 ;;
    --scale) export ORACLE_SCALE=$2 ;;
    --reference) export ORACLE_REFERENCE=$2 ;;
    --out) mkdir -p "$2" && ORACLE_OUT=$(cd "$2" && pwd) && export ORACLE_OUT ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" && exit 2 ;;
  esac
  shift 2
done
cd "$(dirname "$0")"
python=${PYTHON:-python3}
export PYTHONDONTWRITEBYTECODE=1
seeded=(distributions ops special_values losses beyond_losses modules initialisation parametrizations optimisers optimiser_runs differentiable_optimisers todays_optimisers optimisers_beyond tensor_rates scripted_searches long_searches averaging view_programs errors)
fixed=(structures pair_distances schedule_lives print_fixtures random_fixtures tensor_print_fixtures tensor_random_fixtures promotion_fixtures io_fixtures)
# Elsewhere only what a seed changes is of interest.
[[ -n ${ORACLE_OUT:-} ]] && fixed=(structures)
[[ -n ${PYTHON_SKLEARN:-} ]] && seeded+=(metrics)
[[ $# -eq 0 ]] && set -- "${seeded[@]}" "${fixed[@]}"
for script in "$@"; do
  if [[ ${script%.py} == metrics ]]; then
    "${PYTHON_SKLEARN:-$python}" metrics.py
    continue
  fi
  "$python" "${script%.py}.py"
  if [[ $script == losses && -n ${PYTHON_OLD:-} ]]; then
    "$PYTHON_OLD" losses.py --criteria-only
  fi
done
