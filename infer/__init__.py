"""Report → indicator list, with ONNX Runtime and no torch."""
