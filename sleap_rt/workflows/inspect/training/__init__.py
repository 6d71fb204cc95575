"""What a trained model's folder tells of its training: settings, labels, losses, metrics."""
