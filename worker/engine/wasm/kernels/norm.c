// Batch statistics, and the vectors that the passes of activate.c take.
#include "simd.h"

// Row sums of (x - shift) and, if wanted, of its square, for one image: float32 along a row,
// float64 over rows. sums [2, channels] is overwritten.
static void image_sums(const float *x, int x_row, int height, int width, int channels, const float *shift, int squares,
                       double *sums) {
  for (int c = 0; c < 2 * channels; c++) sums[c] = 0;
  for (int r = 0; r < height; r++)
    for (int c = 0; c < channels; c += 4) {
      const float *p = x + r * x_row + c;
      v128_t s1 = ZERO, s2 = ZERO, m = squares ? LOAD(shift + c) : ZERO;
      if (squares)
        for (int i = 0; i < width; i++, p += channels) {
          v128_t v = SUB(LOAD(p), m);
          s1 = ADD(s1, v), s2 = MULADD(s2, v, v);
        }
      else
        for (int i = 0; i < width; i++, p += channels) s1 = ADD(s1, LOAD(p));
      float a[4], b[4];
      STORE(a, s1);
      STORE(b, s2);
      for (int i = 0; i < least(4, channels - c); i++) sums[c + i] += a[i], sums[channels + c + i] += b[i];
    }
}

// Takes the image number `nth` into the running statistics [mean | sum of squares about it], float64
// [2, channels]: first the image's mean, then its squares about that while the image is in cache,
// then both parts joined (Chan, Golub, LeVeque 1979, formula 1.5). As exact as two passes over the
// whole batch, without reading memory twice. scratch: 2 * channels doubles and channels + 4 floats.
EXPORT(image_statistics) void image_statistics(const float *x, int x_row, int height, int width, int channels, int nth,
                                               double *statistics, double *scratch) {
  double pixels = (double)height * width, *sums = scratch, *mean = statistics, *squares = statistics + channels;
  float *shift = (float *)(scratch + 2 * channels);
  image_sums(x, x_row, height, width, channels, 0, 0, sums);
  for (int c = 0; c < channels; c++) shift[c] = sums[c] / pixels;
  image_sums(x, x_row, height, width, channels, shift, 1, sums);
  for (int c = 0; c < channels; c++) {
    double image_mean = shift[c] + sums[c] / pixels;
    double image_squares = sums[channels + c] - sums[c] * sums[c] / pixels;
    if (nth == 0) mean[c] = 0, squares[c] = 0;
    double apart = image_mean - mean[c];
    squares[c] += image_squares + apart * apart * pixels * nth / (nth + 1);
    mean[c] += apart / (nth + 1);
  }
}

// moments [mean | biased variance] of `count` values per channel, each vector `stride` floats apart.
EXPORT(moments) void moments(const double *statistics, double count, int channels, float *out, int stride) {
  for (int c = 0; c < channels; c++) {
    double variance = statistics[channels + c] / count;
    out[c] = statistics[c];
    out[stride + c] = variance > 0 || variance != variance ? variance : 0;
  }
}

// affine [mean | gamma / sqrt(variance + epsilon) | beta]; gamma and beta may be null.
EXPORT(affine_of) void affine_of(const float *moments, const float *gamma, const float *beta, float epsilon,
                                 int channels, int stride, float *affine) {
  for (int c = 0; c < channels; c++) {
    affine[c] = moments[c];
    affine[stride + c] = (gamma ? gamma[c] : 1) / __builtin_sqrtf(moments[stride + c] + epsilon);
    affine[2 * stride + c] = beta ? beta[c] : 0;
  }
}

// From sums [sum of g | sum of g * (x - mean)] over `count` values: the gradients of gamma and beta
// (either may be null), and back [mean | scale | slope | shift] with dx = scale g + slope (x - mean) + shift
// (Ioffe and Szegedy 2015, section 3, solved for dx).
EXPORT(back_of) void back_of(const double *sums, double count, const float *moments, const float *gamma, float epsilon,
                             int channels, int stride, float *back, float *dgamma, float *dbeta) {
  for (int c = 0; c < channels; c++) {
    double inverse = 1 / __builtin_sqrt((double)moments[stride + c] + epsilon), scale = (gamma ? gamma[c] : 1) * inverse;
    back[c] = moments[c];
    back[stride + c] = scale;
    back[2 * stride + c] = -scale * inverse * inverse * sums[channels + c] / count;
    back[3 * stride + c] = -scale * sums[c] / count;
    if (dgamma) dgamma[c] = sums[channels + c] * inverse;
    if (dbeta) dbeta[c] = sums[c];
  }
}
