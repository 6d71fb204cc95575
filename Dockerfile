# Two images, both made from the wheel, without PyTorch and without training tools (docs/install.md):
#
#     docker build --target cpu  -t sleap-rt:cpu  .
#     docker build --target cuda -t sleap-rt:cuda .
#     docker run --rm -v "$PWD:/data" sleap-rt:cpu track -i video.mp4 -m exports/flies
#     docker run --rm --gpus all -v "$PWD:/data" sleap-rt:cuda track -i video.mp4 -m exports/flies
#
# CUDA and cuDNN come with the extra `gpu`; of the host, the GPU needs the driver and NVIDIA's container
# toolkit alone. So both images stand on the same ground.

ARG PYTHON_IMAGE=python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE THIRD_PARTY.md CITATION.cff ./
COPY sleap_rt ./sleap_rt
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /dist .

FROM ${PYTHON_IMAGE} AS base
# skia, which `render` draws with, needs these libraries.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libegl1 libgl1 libfontconfig1 \
    && rm -rf /var/lib/apt/lists/*
COPY constraints-dev.txt /tmp/constraints.txt
# The cache holds what was measured and built for this machine: keep it in a volume.
ENV XDG_CACHE_HOME=/cache
RUN useradd --create-home sleap && mkdir /cache /data && chmod 777 /cache /data
WORKDIR /data
VOLUME ["/cache"]
ENTRYPOINT ["sleap-nn"]
CMD ["--help"]

FROM base AS cpu
RUN --mount=type=bind,from=wheel,source=/dist,target=/dist \
    python -m pip install --no-cache-dir --constraint /tmp/constraints.txt \
    "$(echo /dist/*.whl)[cpu,openvino,mnn,report,opencv,live]"
USER sleap

FROM base AS cuda
# What NVIDIA's container toolkit puts into the container.
ENV NVIDIA_VISIBLE_DEVICES=all
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN --mount=type=bind,from=wheel,source=/dist,target=/dist \
    python -m pip install --no-cache-dir --constraint /tmp/constraints.txt \
    "$(echo /dist/*.whl)[gpu,trt,report,opencv,live]"
USER sleap
