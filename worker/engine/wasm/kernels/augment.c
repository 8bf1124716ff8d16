// Augmentation of one image: a single affine map with bilinear interpolation, then contrast and
// brightness, from bytes to floats of 0 to 255. One map instead of a pass per transformation: an image
// is interpolated once, and stays as sharp as it can.
#include "simd.h"

enum { CONSTANT, NEAREST, REFLECT, WRAP };

// What scipy.ndimage means by its modes, for integer neighbours of a coordinate. -1: outside.
INLINE int neighbour(int at, int size, int fill) {
  if (at >= 0 && at < size) return at;
  if (fill == CONSTANT) return -1;
  if (fill == REFLECT) {
    int period = 2 * size;
    at %= period;
    if (at < 0) at += period;
    return at < size ? at : period - 1 - at;
  }
  return at < 0 ? 0 : size - 1;
}

// A coordinate brought to where its neighbours are looked up. `constant` knows nothing past the outer
// pixels' centres; `wrap` has a period of size - 1, the last pixel lying on the first, as in scipy.
INLINE double coordinate(double at, int size, int fill) {
  if (at >= 0 && at <= size - 1) return at;
  if (fill == NEAREST) return at < 0 ? 0 : size - 1;
  if (fill == WRAP) {
    if (size < 2) return 0;
    double period = size - 1;
    return at - period * __builtin_floor(at / period);
  }
  return at;
}

INLINE float limited(float value) { return value < 0 ? 0 : value > 255 ? 255 : value; }

// y [height, width, channels] float32 from v uint8 of the same shape. The pixel (r, c) of y is read at
// row m[0] * r + m[1] * c + m[2] and column m[3] * r + m[4] * c + m[5] of v; `value` fills CONSTANT.
// Then contrast (about each channel's mean) and brightness multiply, each cut to 0..255; 1 leaves as is.
EXPORT(augment) void augment(const unsigned char *v, float *y, int height, int width, int channels, const double *m,
                             int fill, float value, float contrast, float brightness) {
  for (int r = 0; r < height; r++)
    for (int c = 0; c < width; c++) {
      double row = m[0] * r + m[1] * c + m[2], column = m[3] * r + m[4] * c + m[5];
      float *to = y + (r * width + c) * channels;
      int outside = fill == CONSTANT && (!(row >= 0) || !(row <= height - 1) || !(column >= 0) || !(column <= width - 1));
      if (outside) {
        for (int k = 0; k < channels; k++) to[k] = value;
        continue;
      }
      row = coordinate(row, height, fill);
      column = coordinate(column, width, fill);
      double top = __builtin_floor(row), left = __builtin_floor(column);
      float down = row - top, right = column - left;
      int r0 = neighbour((int)top, height, fill), r1 = neighbour((int)top + 1, height, fill);
      int c0 = neighbour((int)left, width, fill), c1 = neighbour((int)left + 1, width, fill);
      // Only where the weight is 0 can a neighbour still lie outside.
      if (r1 < 0) r1 = r0;
      if (c1 < 0) c1 = c0;
      const unsigned char *a = v + (r0 * width + c0) * channels, *b = v + (r0 * width + c1) * channels;
      const unsigned char *d = v + (r1 * width + c0) * channels, *e = v + (r1 * width + c1) * channels;
      for (int k = 0; k < channels; k++) {
        float above = a[k] + right * (b[k] - a[k]), below = d[k] + right * (e[k] - d[k]);
        to[k] = above + down * (below - above);
      }
    }
  int pixels = height * width;
  if (contrast != 1)
    for (int k = 0; k < channels; k++) {
      double sum = 0;
      for (int i = 0; i < pixels; i++) sum += y[i * channels + k];
      float mean = sum / pixels;
      for (int i = 0; i < pixels; i++) y[i * channels + k] = limited(mean + contrast * (y[i * channels + k] - mean));
    }
  if (brightness != 1)
    for (int i = 0; i < pixels * channels; i++) y[i] = limited(brightness * y[i]);
}

// As `normalise` (train.c), from floats.
EXPORT(normalise_floats) void normalise_floats(const float *v, float *x, int x_row, int height, int length,
                                               const float *mean, const float *deviation) {
  for (int r = 0; r < height; r++)
    for (int i = 0; i < length; i++) {
      int at = r * length + i;
      float value = v[at] / 255.0f;
      if (mean) value -= mean[at];
      if (deviation) value /= deviation[at];
      x[r * x_row + i] = value;
    }
}
