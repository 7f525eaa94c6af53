r"""How close kernels are to Gabor functions: a wave under a Gaussian window."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

STARTS = 3
MOST_CALLS, PRECISION = 200, 1e-5  # more of both moves R2 by less than 0.01
NARROWEST = 0.5  # pixels: what is narrower fits one pixel
NYQUIST = 0.5  # cycles per pixel
DIGITS = 12  # more would be rounding errors, which send the search of noise elsewhere


def gabor_r2(patterns: Floats) -> Floats:
    r"""Share of the variance of each pattern that the best Gabor function explains.

    .. math::
        g(x, y) = c + \exp\left(-\frac{u^2}{2 \sigma_u^2} - \frac{v^2}{2 \sigma_v^2}\right)
        (a \cos 2 \pi f u + b \sin 2 \pi f u)

    with ``(u, v)`` the pixels turned by an angle around a centre. For each of six non-linear
    parameters the best ``a, b, c`` are known (variable projection); they are searched from the
    three best places of a grid. Windows are at least half a pixel wide, frequencies at most half a
    cycle per pixel, centres inside the kernel.

    Parameters
    ----------
    patterns : float array of shape (n_filters, height, width)
        Not constant.

    Returns
    -------
    float array of shape (n_filters,)
        In [0, 1].
    """
    family = _family(*patterns.shape[1:])
    flat = patterns.reshape(len(patterns), -1)
    centred = flat - flat.mean(axis=1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return np.array([family.best_r2(one) for one in unit.round(DIGITS)])


@dataclass(frozen=True)
class _Gabors:
    """The Gabor functions on one grid of pixels."""

    height: int
    width: int

    @cached_property
    def pixels(self) -> Floats:
        """Coordinates around the middle, of shape (2, n_pixels)."""
        y, x = np.mgrid[: self.height, : self.width].astype(float)
        middle = (self.width - 1) / 2, (self.height - 1) / 2
        return np.stack([x.ravel() - middle[0], y.ravel() - middle[1]])

    @cached_property
    def starts(self) -> tuple[Floats, Floats]:
        """Parameters of a grid, and an orthonormal basis of the waves of each."""
        parameters = np.array(list(self._grid()))
        return parameters, np.stack([np.linalg.qr(self._waves(one))[0] for one in parameters])

    def _grid(self) -> Iterator[tuple[float, ...]]:
        """Centre, angle, width along and across the wave, frequency, all without bounds."""
        side = min(self.height, self.width)
        angles = np.arange(8) * np.pi / 8
        widths = np.log(np.array([0.15, 0.35]) * side - NARROWEST + 1e-3)
        for x, y, angle, spread, share in product(
            (-0.5, 0.0, 0.5), (-0.5, 0.0, 0.5), angles, widths, (0.1, 0.3, 0.6)
        ):
            yield x, y, angle, spread, spread, np.log(share / (1 - share))

    def _waves(self, parameters: Floats) -> Floats:
        """Cosine and sine under the window, without their means: of shape (n_pixels, 2)."""
        x, y, angle, along, across, wave = parameters
        centre = np.tanh([x, y]) * (np.array([self.width, self.height]) - 1) / 2
        dx, dy = self.pixels - centre[:, None]
        u, v = np.cos(angle) * dx + np.sin(angle) * dy, np.cos(angle) * dy - np.sin(angle) * dx
        widths = NARROWEST + np.exp(np.clip([along, across], -20.0, 10.0))
        window = np.exp(-0.5 * ((u / widths[0]) ** 2 + (v / widths[1]) ** 2))
        phase = 2 * np.pi * NYQUIST / (1 + np.exp(-np.clip(wave, -30.0, 30.0))) * u
        waves = np.column_stack([window * np.cos(phase), window * np.sin(phase)])
        centred: Floats = waves - waves.mean(axis=0)
        return centred

    def _residual(self, parameters: Floats, pattern: Floats) -> Floats:
        basis, singular, _ = np.linalg.svd(self._waves(parameters), full_matrices=False)
        kept = basis[:, singular > 1e-8 * max(singular[0], 1e-300)]
        rest: Floats = pattern - kept @ (kept.T @ pattern)
        return rest

    def best_r2(self, pattern: Floats) -> float:
        """Return the largest share of the variance of a centred pattern that is explained."""
        parameters, bases = self.starts
        explained = np.square(np.einsum("gpk,p->gk", bases, pattern)).sum(axis=1)
        first = parameters[np.argsort(-explained, kind="stable")[:STARTS]]
        rests = [self._rest(pattern, start) for start in first]
        smallest = min(float(rest @ rest) for rest in rests)
        return min(max(1 - smallest / float(pattern @ pattern), 0.0), 1.0)

    def _rest(self, pattern: Floats, start: Floats) -> Floats:
        """Return what the best function that is found from a start leaves of a pattern."""
        from scipy.optimize import least_squares

        found = least_squares(
            self._residual, start, args=(pattern,), method="lm",
            max_nfev=MOST_CALLS, ftol=PRECISION, xtol=PRECISION,
        )  # fmt: skip
        rest: Floats = found.fun
        return rest


@cache
def _family(height: int, width: int) -> _Gabors:
    return _Gabors(height, width)
