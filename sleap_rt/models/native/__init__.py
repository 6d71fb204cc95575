"""Models trained with sleap-nn: `training_config.yaml` and `best.ckpt` to a `TrainedModel`."""
