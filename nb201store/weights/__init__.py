"""Weights of trials as safetensors files, one a trial, beside the archive or image that lists them."""

from nb201store.weights.listing import ListedFile, Listing
from nb201store.weights.naming import file_name, weights_folder

__all__ = ["ListedFile", "Listing", "file_name", "weights_folder"]
