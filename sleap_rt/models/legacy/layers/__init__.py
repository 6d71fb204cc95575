"""One small builder per kind of Keras layer: a `LayerSpec` in, a torch module out.

Everything arrives and leaves channels first; builders translate axes and weight layouts.
"""

from sleap_rt.models.legacy.layers import (
    activations,
    convolutions,
    lambdas,
    merging,
    pooling,
    shaping,
)
from sleap_rt.models.legacy.layers.spec import Builder, Built, LayerSpec, Shape
from sleap_rt.untrusted import quoted

_BUILDERS: dict[str, Builder] = {
    "Activation": activations.activation,
    "Add": merging.sum_of_all,
    "AveragePooling2D": pooling.average_pooling,
    "BatchNormalization": merging.batch_normalization,
    "Concatenate": merging.concatenate,
    "Conv2D": convolutions.conv2d,
    "Conv2DTranspose": convolutions.conv2d_transpose,
    "Dense": convolutions.dense,
    "DepthwiseConv2D": convolutions.depthwise_conv2d,
    "Dropout": activations.identity,
    "FixedDropout": activations.identity,
    "Flatten": shaping.flatten,
    "GlobalAveragePooling2D": pooling.global_average_pooling,
    "GlobalMaxPooling2D": pooling.global_max_pooling,
    "Lambda": lambdas.lambda_layer,
    "MaxPooling2D": pooling.max_pooling,
    "Multiply": merging.product_of_all,
    "ReLU": activations.relu,
    "Reshape": shaping.reshape,
    "UpSampling2D": shaping.upsampling,
    "ZeroPadding2D": shaping.zero_padding,
}


def build_layer(layer: LayerSpec) -> Built:
    """The torch module for one layer.

    Raises:
        ModelError: the kind of layer or one of its settings is not supported, or a weight is
            missing or has another shape.
    """
    if layer.class_name not in _BUILDERS:
        module = layer.config.text("module")
        where = f" (module {quoted(module)})" if module else ""
        raise layer.refuse(
            f"this kind of layer is not supported{where}; its code is not executed. "
            f"Supported: {', '.join(_BUILDERS)}, nested models"
        )
    return _BUILDERS[layer.class_name](layer)


__all__ = ["Built", "LayerSpec", "Shape", "build_layer"]
