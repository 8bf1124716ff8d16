// The two ends of a step: pixels to numbers, logits to loss, gradients to weights.
#include "simd.h"

// x = (v / 255 - mean) / deviation of one image, into rows of x_row floats; mean and deviation
// [height, width * channels] may be null.
EXPORT(normalise) void normalise(const unsigned char *v, float *x, int x_row, int height, int length, const float *mean,
                                 const float *deviation) {
  for (int r = 0; r < height; r++)
    for (int i = 0; i < length; i++) {
      int at = r * length + i;
      float value = v[at] / 255.0f;
      if (mean) value -= mean[at];
      if (deviation) value /= deviation[at];
      x[r * x_row + i] = value;
    }
}

// e^x for x <= 0, in float64 by +, -, * only: halves of ln 2 taken off, then the Taylor series to
// the 13th power on [-0.35, 0.35], whose remainder is below 1e-17.
static double exponential(double x) {
  if (!(x > -700)) return x != x ? x : 0;
  int power = (int)(x * 1.4426950408889634 - 0.5);
  double r = (x - power * 0.693147180369123816490) - power * 1.90821492927058770002e-10, sum = 1;
  for (int i = 13; i > 0; i--) sum = 1 + sum * r / i;
  union {
    unsigned long long bits;
    double value;
  } scale = {(unsigned long long)(1023 + power) << 52};
  return sum * scale.value;
}

// ln x for x >= 1: x = m * 2^e with m in [0.7, 1.41], then 2 artanh((m - 1) / (m + 1)) as a series.
static double logarithm(double x) {
  if (!(x < 1e300)) return x;
  union {
    double value;
    unsigned long long bits;
  } u = {x};
  int power = (int)(u.bits >> 52) - 1023;
  u.bits = (u.bits & 0xFFFFFFFFFFFFFull) | 0x3FF0000000000000ull;
  if (u.value > 1.4142135623730951) u.value /= 2, power++;
  double t = (u.value - 1) / (u.value + 1), square = t * t, sum = 0;
  for (int i = 21; i > 0; i -= 2) sum = sum * square + 1.0 / i;
  return 2 * t * sum + power * 0.6931471805599453;
}

// Softmax cross-entropy on logits [batch, classes], in float64. Writes the gradient of
// loss = sum of weight[label] * sum over c of (-t[c] * log p[c]) / batch; returns the loss. The target
// t is 1 - smoothing for the label, and smoothing / classes more for every class (Szegedy et al. 2016,
// section 7). `weights` may be null. correct[0]: images whose first largest logit is their label's.
EXPORT(cross_entropy) double cross_entropy(const float *logits, const int *labels, const float *weights, float *gradient,
                                           int batch, int classes, double smoothing, int *correct) {
  double loss = 0, other = smoothing / classes, own = 1 - smoothing + other;
  *correct = 0;
  for (int n = 0; n < batch; n++, logits += classes, gradient += classes) {
    int label = labels[n], best = 0;
    for (int c = 1; c < classes; c++)
      if (logits[c] > logits[best]) best = c;
    *correct += best == label;
    double most = logits[best], sum = 0, weight = weights ? weights[label] : 1;
    double toward = own * (logits[label] - most);
    for (int c = 0; c < classes; c++) {
      sum += exponential(logits[c] - most);
      if (smoothing > 0 && c != label) toward += other * (logits[c] - most);
    }
    loss += weight * (logarithm(sum) - toward);
    for (int c = 0; c < classes; c++)
      gradient[c] = weight * (exponential(logits[c] - most) / sum - (c == label ? own : other)) / batch;
  }
  return loss / batch;
}

// g = g + factor * w: the gradient of a penalty on the weights, with factor 2 * l2.
EXPORT(add_scaled) void add_scaled(float *g, const float *w, int count, float factor) {
  v128_t f = SPLAT(factor);
  for (int i = 0; i < count; i += 4)
    store_upto(g + i, MULADD(load_upto(g + i, count - i), load_upto(w + i, count - i), f), count - i);
}

EXPORT(scale) void scale(float *g, int count, float factor) {
  v128_t f = SPLAT(factor);
  for (int i = 0; i < count; i += 4) store_upto(g + i, MUL(load_upto(g + i, count - i), f), count - i);
}

// Sum of w^2: in float32 over blocks of 1,024, the blocks in float64.
EXPORT(sum_of_squares) double sum_of_squares(const float *w, int count) {
  double total = 0;
  for (int from = 0; from < count; from += 1024) {
    v128_t sum = ZERO;
    int to = least(count, from + 1024);
    for (int i = from; i < to; i += 4) {
      v128_t v = load_upto(w + i, to - i);
      sum = MULADD(sum, v, v);
    }
    float lanes[4];
    STORE(lanes, sum);
    total += (double)lanes[0] + lanes[1] + lanes[2] + lanes[3];
  }
  return total;
}

// Momentum: a = momentum * a + g; w = w - rate * a.
EXPORT(sgdm) void sgdm(float *w, float *a, const float *g, int count, float rate, float momentum) {
  v128_t r = SPLAT(rate), m = SPLAT(momentum);
  int i = 0;
  for (; i + 4 <= count; i += 4) {
    v128_t v = MULADD(LOAD(g + i), LOAD(a + i), m);
    STORE(a + i, v);
    STORE(w + i, SUB(LOAD(w + i), MUL(v, r)));
  }
  for (; i < count; i++) {
    a[i] = a[i] * momentum + g[i];
    w[i] = w[i] - a[i] * rate;
  }
}

// Momentum that looks ahead: a = momentum * a + g; w = w - rate * (g + momentum * a).
EXPORT(nesterov) void nesterov(float *w, float *a, const float *g, int count, float rate, float momentum) {
  v128_t r = SPLAT(rate), m = SPLAT(momentum);
  for (int i = 0; i < count; i += 4) {
    int rest = count - i;
    v128_t d = load_upto(g + i, rest);
    v128_t v = MULADD(d, load_upto(a + i, rest), m);
    store_upto(a + i, v, rest);
    store_upto(w + i, SUB(load_upto(w + i, rest), MUL(MULADD(d, v, m), r)), rest);
  }
}

// v = rho * v + (1 - rho) * g^2; w = w - rate * g / sqrt(v + epsilon).
EXPORT(rmsprop) void rmsprop(float *w, float *v, const float *g, int count, float rate, float rho, float epsilon) {
  for (int i = 0; i < count; i += 4) {
    int rest = count - i;
    v128_t d = load_upto(g + i, rest);
    v128_t second = ADD(MUL(load_upto(v + i, rest), SPLAT(rho)), MUL(MUL(d, d), SPLAT(1 - rho)));
    v128_t step = wasm_f32x4_div(MUL(d, SPLAT(rate)), wasm_f32x4_sqrt(ADD(second, SPLAT(epsilon))));
    store_upto(v + i, second, rest);
    store_upto(w + i, SUB(load_upto(w + i, rest), step), rest);
  }
}

// Adam (Kingma and Ba 2015, the form before section 2.1 as Keras has it): `rate` already holds
// sqrt(1 - beta2^t) / (1 - beta1^t); w = w - decay * w - rate * m / (sqrt(v) + epsilon). `decay` is that of
// AdamW times its rate without the correction, else 0, which changes nothing.
EXPORT(adam) void adam(float *w, float *m, float *v, const float *g, int count, float rate, float beta1, float beta2,
                       float epsilon, float decay) {
  for (int i = 0; i < count; i += 4) {
    int rest = count - i;
    v128_t d = load_upto(g + i, rest), old = load_upto(w + i, rest);
    v128_t first = ADD(MUL(load_upto(m + i, rest), SPLAT(beta1)), MUL(d, SPLAT(1 - beta1)));
    v128_t second = ADD(MUL(load_upto(v + i, rest), SPLAT(beta2)), MUL(MUL(d, d), SPLAT(1 - beta2)));
    v128_t step = wasm_f32x4_div(MUL(first, SPLAT(rate)), ADD(wasm_f32x4_sqrt(second), SPLAT(epsilon)));
    store_upto(m + i, first, rest);
    store_upto(v + i, second, rest);
    store_upto(w + i, SUB(SUB(old, MUL(old, SPLAT(decay))), step), rest);
  }
}
