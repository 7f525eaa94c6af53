"""DICOM images become 8 bits on a common scale: the file's window, or the stored range."""

import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian

from collect.datasets.dicom import decoded_dicom
from collect.datasets.encoded import decoded
from warehouse.errors import StudyError

RAMP = np.array([[0, 1024, 2048], [3072, 4095, 4095]], dtype=np.uint16)


def dicom(pixels, **changes):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=["test"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset("x", {}, file_meta=meta, preamble=b"\0" * 128)
    file.Rows, file.Columns = pixels.shape[:2]
    file.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    file.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    file.BitsAllocated, file.BitsStored, file.HighBit = 16, 12, 11
    if pixels.ndim == 3:
        file.BitsAllocated, file.BitsStored, file.HighBit = 8, 8, 7
        file.PlanarConfiguration = 0
    file.PixelRepresentation = 0
    file.PixelData = pixels.tobytes()
    for name, value in changes.items():
        setattr(file, name, value)
    stream = io.BytesIO()
    file.save_as(stream)
    return stream.getvalue()


def test_the_stored_range_becomes_eight_bits():
    # 12 bits: 4095 -> 255, and 1024 / 4095 * 255 = 63.77
    assert decoded_dicom(dicom(RAMP), "x").tolist() == [[0, 64, 128], [191, 255, 255]]


def test_white_is_high_also_where_zero_is_white():
    inverted = decoded_dicom(dicom(RAMP, PhotometricInterpretation="MONOCHROME1"), "x")
    assert inverted.tolist() == [[255, 191, 127], [64, 0, 0]]


def test_the_window_of_the_file_is_used():
    # PS3.3 C.11.2.1.2: below center - 0.5 - (width - 1) / 2 black, above center - 0.5 + ... white.
    content = dicom(RAMP, WindowCenter="2048", WindowWidth="1024")
    assert decoded_dicom(content, "x").tolist() == [[0, 0, 128], [255, 255, 255]]


def test_rescaled_values_are_windowed_after_rescaling():
    content = dicom(
        RAMP, RescaleSlope="2", RescaleIntercept="-100", WindowCenter="3996", WindowWidth="2048"
    )
    assert decoded_dicom(content, "x").tolist() == [[0, 0, 128], [255, 255, 255]]


def test_colour_stays_colour():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert decoded_dicom(dicom(pixels), "x").tolist() == pixels.tolist()


def test_is_recognised_by_its_mark():
    assert decoded(dicom(RAMP), "no suffix").shape == (2, 3)


@pytest.mark.parametrize(
    "content", [b"not a DICOM file", dicom(RAMP)[:-6]], ids=["text", "truncated"]
)
def test_refuses(content):
    with pytest.raises(StudyError, match=r"a\.dcm: truncated or no DICOM image"):
        decoded(content, "a.dcm")
