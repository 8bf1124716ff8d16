// Where branches of a network meet: sums, and channels copied side by side.
#include "simd.h"

// y = a + b of one image, `length` floats per row, then ReLU where `relu` is set. y may be a or b.
EXPORT(add_images) void add_images(const float *a, int a_row, const float *b, int b_row, float *y, int y_row,
                                   int height, int length, int relu) {
  for (int r = 0; r < height; r++, a += a_row, b += b_row, y += y_row)
    for (int i = 0; i < length; i += 4) {
      v128_t sum = ADD(LOAD(a + i), LOAD(b + i));
      store_upto(y + i, relu ? MAX(sum, ZERO) : sum, length - i);
    }
}

// `count` channels of every pixel of an image to pixels that lie `to_step` floats apart.
EXPORT(copy_channels) void copy_channels(const float *from, int from_row, int from_step, float *to, int to_row, int to_step,
                                         int height, int width, int count) {
  for (int r = 0; r < height; r++)
    for (int i = 0; i < width; i++) {
      const float *a = from + r * from_row + i * from_step;
      float *b = to + r * to_row + i * to_step;
      for (int c = 0; c < count; c++) b[c] = a[c];
    }
}
