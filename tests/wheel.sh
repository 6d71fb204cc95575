#!/bin/sh
# Uses an installed wheel as a user would: `sh tests/wheel.sh CHECKOUT FOLDER_OF_PROGRAMS`.
set -eu
samples="$1/samples" bin="$2"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$bin/python" -c "
import importlib.metadata, pathlib, sleap_rt
root = pathlib.Path(sleap_rt.__file__).parent
assert not root.is_relative_to('$1') or 'site-packages' in root.parts, f'{root} is the checkout'
names = {file.name for file in importlib.metadata.files('sleap-rt')}
for name in ('py.typed', 'LICENSE', 'THIRD_PARTY.md', 'CITATION.cff'):
    assert name in names, f'the wheel has no {name}'
"
"$bin/sleap-rt" --version
"$bin/sleap-nn" export "$samples/models/bottomup" -o graphs
"$bin/sleap-rt" verify graphs
"$bin/sleap-rt" track -i "$samples/crawlers.mp4" -m graphs -o poses.slp -t
if [ -f "$1/sleap_rt/web_page/static/index.html" ]; then
    "$bin/sleap-nn" page graphs -o page
    test -s page/ort.wasm.min.mjs
fi
"$bin/sleap-rt" eval -g "$samples/crawlers.slp" -p poses.slp
