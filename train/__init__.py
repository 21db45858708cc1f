"""Gold → model folder: fine-tuning, pre-training, distillation and export. Never imported by infer."""
