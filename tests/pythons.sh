#!/bin/sh
# Tests the wheel, without torch, on every Python of a list that is found here:
# `sh tests/pythons.sh WHEEL FOLDER_OF_EXPORTS 3.10 3.13`. PINNED=1 installs the pinned versions, else
# the newest there are. An environment whose tests failed stays, as .venv-3.10 and
# so on, and with KEEP=1 every one.
set -eu
wheel="$1" SLEAP_RT_TEST_EXPORTS="$2"
shift 2
export SLEAP_RT_TEST_EXPORTS

find_python() {
    for python in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        if "$python" -c "" 2>/dev/null; then
            echo "$python"
            return
        fi
    done
}

pins() {
    if [ -z "${PINNED:-}" ]; then return; fi
    if [ -f "constraints-$1.txt" ]; then
        echo "--constraint constraints-$1.txt"
    else
        echo "--constraint constraints-dev.txt"
    fi
}

n_tested=0
for version in "$@"; do
    python=$(find_python "$version")
    if [ -z "$python" ]; then
        echo "Python $version: not found here, left out"
        continue
    fi
    echo "Python $version: $python"
    environment=".venv-$version"
    "$python" -m venv "$environment"
    # Not compiled: much of it is never imported.
    "$environment/bin/python" -m pip install --quiet --no-compile $(pins "$version") \
        "$wheel[cpu,openvino,mnn,report,cluster,test]"
    "$environment/bin/python" -m pip install --quiet --no-deps --force-reinstall "$wheel"
    # `pytest`, not `python -m pytest`, which would test the checkout.
    "$environment/bin/pytest" -q -rN -rfE --numprocesses auto --maxprocesses 4 --dist loadfile \
        --max-worker-restart 0
    if [ -z "${KEEP:-}" ]; then rm -rf "$environment"; fi
    n_tested=$((n_tested + 1))
done
if [ "$n_tested" = 0 ]; then
    echo "None of these Pythons is installed: $*" >&2
    exit 1
fi
