"""DICOM images as 8-bit pixels."""

import io

import numpy as np
from numpy.typing import NDArray

from warehouse.errors import StudyError


def decoded_dicom(content: bytes, name: str) -> NDArray[np.uint8]:
    """Decode one DICOM image to uint8: (height, width), or (height, width, 3) in colour.

    Gray values go through the window of the file where it has one, else the full range of the
    stored bits becomes 0 to 255, so that images of one device keep a common scale. MONOCHROME1,
    where 0 is white, is inverted.

    Raises
    ------
    StudyError
        If it is no DICOM image, breaks off, or is compressed in a way that no installed decoder
        reads; the message gives ``name``.
    """
    import pydicom
    from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

    try:
        file = pydicom.dcmread(io.BytesIO(content))
        pixels = file.pixel_array
        has_window = "WindowWidth" in file
        shown = apply_voi_lut(apply_modality_lut(pixels, file), file) if has_window else pixels
    except Exception as error:  # pydicom raises whatever its decoders raise
        raise StudyError(f"{name}: truncated or no DICOM image ({error})") from error
    if pixels.ndim == 3 and file.SamplesPerPixel == 3:
        return np.asarray(pixels, dtype=np.uint8)
    if pixels.ndim != 2:
        raise StudyError(f"{name}: DICOM of shape {pixels.shape}, one image is expected")
    n_values = 2.0 ** int(file.BitsStored)
    low = -n_values / 2 if file.PixelRepresentation == 1 else 0.0
    high = low + n_values - 1
    if has_window:  # the window's output covers the range of rescaled values
        slope = float(file.get("RescaleSlope", 1))
        offset = float(file.get("RescaleIntercept", 0))
        low, high = low * slope + offset, high * slope + offset
    gray = np.clip((shown.astype(np.float64) - low) / (high - low), 0, 1)
    if file.PhotometricInterpretation == "MONOCHROME1":
        gray = 1 - gray
    return np.round(gray * 255).astype(np.uint8)
