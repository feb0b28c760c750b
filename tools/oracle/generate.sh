#!/usr/bin/env bash
# Regenerates every fixture of the oracle. PYTHON: an interpreter with PyTorch (the newest is the reference); PYTHON_OLD:
# one with another version, whose criterion tests are drawn as well (PyTorch 1.13's list is much longer).
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}
export PYTHONDONTWRITEBYTECODE=1
for script in ops losses beyond_losses modules initialisation optimisers structures; do
  "$python" "$script.py"
done
if [[ -n ${PYTHON_OLD:-} ]]; then
  "$PYTHON_OLD" losses.py --criteria-only
fi
"$python" print_fixtures.py
"$python" random_fixtures.py
"$python" tensor_print_fixtures.py
"$python" tensor_random_fixtures.py
"$python" promotion_fixtures.py
if "$python" -c 'import safetensors' 2>/dev/null; then
  "$python" io_fixtures.py
else
  echo "io: left as it is (needs the Python package safetensors)"
fi
