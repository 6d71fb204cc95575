# Two images, both made from the wheel, without PyTorch and without training tools (docs/install.md):
#
#     docker build --target cpu  -t sleap-rt:cpu  .
#     docker build --target cuda -t sleap-rt:cuda .
#     docker run --rm -v "$PWD:/data" sleap-rt:cpu track -i video.mp4 -m exports/flies
#     docker run --rm --gpus all -v "$PWD:/data" sleap-rt:cuda track -i video.mp4 -m exports/flies

ARG PYTHON_IMAGE=python:3.12-slim-bookworm
# Of the CUDA and cuDNN that PyPI's onnxruntime-gpu is built for; its Python is 3.12.
ARG CUDA_IMAGE=nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04

FROM ${PYTHON_IMAGE} AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE THIRD_PARTY.md ./
COPY sleap_rt ./sleap_rt
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /dist .

FROM ${PYTHON_IMAGE} AS cpu
# skia, which `render` draws with, needs these libraries.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libegl1 libgl1 libfontconfig1 \
    && rm -rf /var/lib/apt/lists/*
COPY constraints-dev.txt /tmp/constraints.txt
RUN --mount=type=bind,from=wheel,source=/dist,target=/dist \
    python -m pip install --no-cache-dir --constraint /tmp/constraints.txt \
    "$(echo /dist/*.whl)[cpu,openvino,mnn,report,opencv,live]"
# The cache holds what was measured and built for this machine: keep it in a volume.
ENV XDG_CACHE_HOME=/cache
RUN useradd --create-home sleap && mkdir /cache /data && chmod 777 /cache /data
USER sleap
WORKDIR /data
VOLUME ["/cache"]
ENTRYPOINT ["sleap-nn"]
CMD ["--help"]

FROM ${CUDA_IMAGE} AS cuda
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv libegl1 libgl1 libfontconfig1 \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/sleap-rt
ENV PATH=/opt/sleap-rt/bin:${PATH}
COPY constraints-dev.txt /tmp/constraints.txt
RUN --mount=type=bind,from=wheel,source=/dist,target=/dist \
    python -m pip install --no-cache-dir --constraint /tmp/constraints.txt \
    "$(echo /dist/*.whl)[gpu,trt,report,opencv,live]"
ENV XDG_CACHE_HOME=/cache
RUN useradd --create-home sleap && mkdir /cache /data && chmod 777 /cache /data
USER sleap
WORKDIR /data
VOLUME ["/cache"]
ENTRYPOINT ["sleap-nn"]
CMD ["--help"]
