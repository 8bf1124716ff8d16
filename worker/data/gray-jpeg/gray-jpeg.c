/*
 * Baseline JPEG files in gray to small gray images, in one thread and without a call into any library.
 *
 * Why: libvips takes 2 to 4 ms of processor time for what surrounds an image of 300 x 200 pixels, whose
 * decoding and resizing take a tenth of that. It keeps everything else: progressive, coloured, large,
 * turned, tagged or damaged files. `decode` answers 0 for all that it does not know for certain, so
 * that libvips alone judges what is an error.
 *
 * Decoding follows ITU-T T.81; the inverse transform is the accurate integer one of the Independent
 * JPEG Group (jidctint.c: Loeffler, Ligtenberg, Moschytz 1989), so that pixels equal libjpeg's bit for
 * bit. Resizing is Lanczos' kernel of three lobes, widened by the ratio, edges repeated, in integers.
 */
#include <stdint.h>
#include <wasm_simd128.h>

typedef int32_t v4 __attribute__((vector_size(16)));

enum { FAST_BITS = 9, PAGE = 65536, WEIGHT_BITS = 14, HALF_BITS = 6 };

typedef struct {
  /* Code length << 8 | symbol of codes up to FAST_BITS long; 0 for longer ones. */
  uint16_t fast[1 << FAST_BITS];
  /* First code of length n + 1, left-aligned in 16 bits: codes of length n lie below it. */
  uint32_t end[18];
  int32_t offset[17];
  uint8_t symbols[256];
  int32_t known;
} Huffman;

typedef struct {
  int32_t id, h, v, quantisation, dc, ac, predicted;
} Component;

static const uint8_t natural[64] = {
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

static Huffman huffman[2][4];
static int32_t quantisation[4][64];
static int32_t quantisation_known[4];
static Component components[3];
static int32_t component_count, image_width, image_height, stride;
static uint8_t *plane;

static const uint8_t *data;
static int32_t data_length, at;
static uint64_t bits;
static int32_t bit_count, padding;

extern uint8_t __heap_base;

static uintptr_t reserve(uintptr_t end) {
  uintptr_t pages = (end + PAGE - 1) / PAGE, now = __builtin_wasm_memory_size(0);
  if (pages > now && __builtin_wasm_memory_grow(0, pages - now) == (uintptr_t)-1) return 0;
  return end;
}

static uintptr_t aligned(uintptr_t address) { return (address + 15) & ~(uintptr_t)15; }

/* Where the file goes; 0 where there is no memory. */
uint8_t *input(int32_t length) {
  uintptr_t start = aligned((uintptr_t)&__heap_base);
  return reserve(start + length + 16) ? (uint8_t *)start : 0;
}

int32_t width(void) { return image_width; }
int32_t height(void) { return image_height; }
int32_t planeStride(void) { return stride; }
uint8_t *planeAt(void) { return plane; }

/* Fills up to 32 bits or more; past the end of the scan with zeros, which are counted. */
static inline void refill(void) {
  if (bit_count > 32) return;
  if (at + 4 <= data_length) {
    uint32_t word;
    __builtin_memcpy(&word, data + at, 4);
    word = __builtin_bswap32(word);
    /* Four bytes at once where none is 0xff, behind which a marker or a stuffed 0 stands. */
    if (((~word - 0x01010101u) & word & 0x80808080u) == 0) {
      bits |= (uint64_t)word << (32 - bit_count);
      bit_count += 32;
      at += 4;
      return;
    }
  }
  while (bit_count <= 56) {
    uint32_t byte = 0;
    if (at < data_length && data[at] != 0xff) byte = data[at++];
    else if (at + 1 < data_length && data[at + 1] == 0) byte = 0xff, at += 2;
    else padding += 8;
    bits |= (uint64_t)byte << (56 - bit_count);
    bit_count += 8;
  }
}

static inline void drop(int32_t count) {
  bits <<= count;
  bit_count -= count;
}

/* The next `size` bits as the standard extends them (F.2.2.1); size 1 to 15. */
static inline int32_t extended(int32_t size) {
  int32_t value = (int32_t)(bits >> (64 - size));
  drop(size);
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

/* -1 for no code. At least 16 bits must be there. */
static inline int32_t symbol(const Huffman *table) {
  uint32_t entry = table->fast[bits >> (64 - FAST_BITS)];
  if (entry) {
    drop(entry >> 8);
    return entry & 255;
  }
  uint32_t next = (uint32_t)(bits >> 48);
  for (int32_t length = FAST_BITS + 1; length <= 16; length += 1) {
    if (next < table->end[length]) {
      int32_t index = (int32_t)(next >> (16 - length)) + table->offset[length];
      drop(length);
      return index >= 0 && index < 256 ? table->symbols[index] : -1;
    }
  }
  return -1;
}

static int32_t read_huffman(const uint8_t *p, int32_t length) {
  while (length > 0) {
    if (length < 17 || (p[0] >> 4) > 1 || (p[0] & 15) > 3) return 0;
    Huffman *table = &huffman[p[0] >> 4][p[0] & 15];
    int32_t total = 0;
    for (int32_t n = 1; n <= 16; n += 1) total += p[n];
    if (total > 256 || length < 17 + total) return 0;
    for (int32_t i = 0; i < 1 << FAST_BITS; i += 1) table->fast[i] = 0;
    for (int32_t i = 0; i < total; i += 1) table->symbols[i] = p[17 + i];
    uint32_t code = 0;
    for (int32_t n = 1, index = 0; n <= 16; n += 1, code <<= 1) {
      table->offset[n] = index - (int32_t)code;
      for (int32_t i = 0; i < p[n]; i += 1, code += 1, index += 1) {
        if (n > FAST_BITS || code >= 1u << n) continue;
        for (uint32_t fill = 0; fill < 1u << (FAST_BITS - n); fill += 1) table->fast[(code << (FAST_BITS - n)) + fill] = (uint16_t)(n << 8 | table->symbols[index]);
      }
      if (code > 1u << n) return 0;
      table->end[n] = code << (16 - n);
    }
    table->known = 1;
    p += 17 + total;
    length -= 17 + total;
  }
  return 1;
}

static int32_t read_quantisation(const uint8_t *p, int32_t length) {
  for (; length > 0; length -= 65, p += 65) {
    if (length < 65 || p[0] > 3) return 0;
    for (int32_t i = 0; i < 64; i += 1) quantisation[p[0]][natural[i]] = p[1 + i];
    quantisation_known[p[0]] = 1;
  }
  return 1;
}

static int32_t read_frame(const uint8_t *p, int32_t length) {
  if (length < 6 || p[0] != 8 || component_count) return 0;
  image_height = p[1] << 8 | p[2];
  image_width = p[3] << 8 | p[4];
  component_count = p[5];
  if ((component_count != 1 && component_count != 3) || length != 6 + 3 * component_count || !image_width || !image_height) return 0;
  for (int32_t i = 0; i < component_count; i += 1) {
    Component *c = &components[i];
    *c = (Component){.id = p[6 + 3 * i], .h = p[7 + 3 * i] >> 4, .v = p[7 + 3 * i] & 15, .quantisation = p[8 + 3 * i]};
    if (c->quantisation > 3 || !quantisation_known[c->quantisation]) return 0;
    /* Of components 1, 2, 3 without Adobe's mark the first is luma. */
    if (component_count == 1) c->h = c->v = 1;
    else if (c->id != i + 1 || c->h < 1 || c->h > 2 || c->v < 1 || c->v > 2 || (i > 0 && (c->h != 1 || c->v != 1))) return 0;
  }
  return 1;
}

static int32_t read_scan(const uint8_t *p, int32_t length) {
  if (!component_count || length != 4 + 2 * component_count || p[0] != component_count) return 0;
  for (int32_t i = 0; i < component_count; i += 1) {
    Component *c = &components[i];
    c->dc = p[2 + 2 * i] >> 4;
    c->ac = p[2 + 2 * i] & 15;
    if (p[1 + 2 * i] != c->id || c->dc > 3 || c->ac > 3 || !huffman[0][c->dc].known || !huffman[1][c->ac].known) return 0;
  }
  const uint8_t *last = p + 1 + 2 * component_count;
  return last[0] == 0 && last[1] == 63 && last[2] == 0;
}

/* Reads up to the first scan. The tables of a file stand before it, none is left from the file before. */
static int32_t read_headers(void) {
  component_count = 0;
  for (int32_t i = 0; i < 4; i += 1) quantisation_known[i] = huffman[0][i].known = huffman[1][i].known = 0;
  if (data_length < 4 || data[0] != 0xff || data[1] != 0xd8) return 0;
  for (at = 2; at + 4 <= data_length;) {
    if (data[at] != 0xff) return 0;
    int32_t marker = data[at + 1], length = (data[at + 2] << 8 | data[at + 3]) - 2;
    const uint8_t *body = data + at + 4;
    if (length < 0 || at + 4 + length > data_length) return 0;
    at += 4 + length;
    if (marker == 0xdb && !read_quantisation(body, length)) return 0;
    else if (marker == 0xc4 && !read_huffman(body, length)) return 0;
    else if (marker == 0xc0 && !read_frame(body, length)) return 0;
    else if (marker == 0xda) return read_scan(body, length);
    /* JFIF and comments change no pixel; Adobe's, Exif's and other marks may. */
    else if (marker != 0xe0 && marker != 0xdb && marker != 0xc4 && marker != 0xc0 && marker != 0xfe) return 0;
  }
  return 0;
}

/* Coefficients of a block, dequantised, in rows; gives how many of the zigzag order may differ from 0, or 0. */
static int32_t read_block(Component *c, int32_t *block) {
  const Huffman *dc = &huffman[0][c->dc], *ac = &huffman[1][c->ac];
  const int32_t *scale = quantisation[c->quantisation];
  refill();
  int32_t size = symbol(dc);
  if (size < 0 || size > 11) return 0;
  if (size) c->predicted += extended(size);
  if (c->predicted < -2048 || c->predicted > 2047) return 0;
  block[0] = c->predicted * scale[0];
  int32_t used = 1;
  for (int32_t k = 1; k < 64; k += 1) {
    refill();
    int32_t code = symbol(ac);
    if (code < 0) return 0;
    size = code & 15;
    if (size == 0) {
      if (code == 0) break;
      if (code != 0xf0) return 0;
      k += 15;
      if (k > 63) return 0;
      continue;
    }
    k += code >> 4;
    if (k > 63 || size > 10) return 0;
    block[natural[k]] = extended(size) * scale[natural[k]];
    used = k + 1;
  }
  return used;
}

/* One dimension of eight values in four lanes; results are rounded off by `shift` bits. */
static inline void inverse(v4 *x, int32_t shift) {
  v4 z1 = (x[2] + x[6]) * 4433, low = z1 - x[6] * 15137, high = z1 + x[2] * 6270;
  v4 sum = (x[0] + x[4]) << 13, difference = (x[0] - x[4]) << 13;
  v4 half = (v4){1, 1, 1, 1} << (shift - 1);
  v4 e0 = sum + high + half, e3 = sum - high + half, e1 = difference + low + half, e2 = difference - low + half;
  v4 t0 = x[7], t1 = x[5], t2 = x[3], t3 = x[1];
  v4 z5 = (t0 + t2 + t1 + t3) * 9633;
  v4 a = (t0 + t3) * -7373, b = (t1 + t2) * -20995, c = (t0 + t2) * -16069 + z5, d = (t1 + t3) * -3196 + z5;
  t0 = t0 * 2446 + a + c;
  t1 = t1 * 16819 + b + d;
  t2 = t2 * 25172 + b + c;
  t3 = t3 * 12299 + a + d;
  x[0] = (e0 + t3) >> shift, x[7] = (e0 - t3) >> shift;
  x[1] = (e1 + t2) >> shift, x[6] = (e1 - t2) >> shift;
  x[2] = (e2 + t1) >> shift, x[5] = (e2 - t1) >> shift;
  x[3] = (e3 + t0) >> shift, x[4] = (e3 - t0) >> shift;
}

static inline void transposed(const v4 *from, v4 *to) {
  v4 a = __builtin_shufflevector(from[0], from[1], 0, 4, 1, 5), b = __builtin_shufflevector(from[0], from[1], 2, 6, 3, 7);
  v4 c = __builtin_shufflevector(from[2], from[3], 0, 4, 1, 5), d = __builtin_shufflevector(from[2], from[3], 2, 6, 3, 7);
  to[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5), to[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  to[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5), to[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

/* Eight rows of eight pixels, and the block is cleared. */
static void put_block(int32_t *block, int32_t used, uint8_t *to) {
  if (used == 1) {
    int32_t value = ((block[0] * 4 + 16) >> 5) + 128;
    v128_t pixels = wasm_i8x16_splat((int8_t)(value < 0 ? 0 : value > 255 ? 255 : value));
    for (int32_t y = 0; y < 8; y += 1) wasm_v128_store64_lane(to + y * stride, pixels, 0);
    block[0] = 0;
    return;
  }
  v4 left[8], right[8], top[8], bottom[8];
  v4 *rows = (v4 *)block;
  for (int32_t y = 0; y < 8; y += 1) {
    left[y] = rows[2 * y], right[y] = rows[2 * y + 1];
    rows[2 * y] = rows[2 * y + 1] = (v4){0};
  }
  inverse(left, 11);
  /* The first 14 of the zigzag order lie in the left half; zeros stay zeros. */
  if (used > 14) inverse(right, 11);
  transposed(left, top);
  transposed(right, top + 4);
  transposed(left + 4, bottom);
  transposed(right + 4, bottom + 4);
  inverse(top, 18);
  inverse(bottom, 18);
  transposed(top, left);
  transposed(top + 4, right);
  transposed(bottom, left + 4);
  transposed(bottom + 4, right + 4);
  v128_t middle = wasm_i16x8_splat(128);
  for (int32_t y = 0; y < 8; y += 1) {
    v128_t row = wasm_i16x8_add_sat(wasm_i16x8_narrow_i32x4((v128_t)left[y], (v128_t)right[y]), middle);
    wasm_v128_store64_lane(to + y * stride, wasm_u8x16_narrow_i16x8(row, row), 0);
  }
}

/* A block of chroma must leave gray as it is: it is 0 throughout. */
static int32_t is_neutral(Component *c, int32_t *block) {
  int32_t used = read_block(c, block);
  return used == 1 && block[0] == 0;
}

static int32_t read_unit(int32_t column, int32_t row, int32_t *block) {
  Component *luma = &components[0];
  for (int32_t y = 0; y < luma->v; y += 1) {
    for (int32_t x = 0; x < luma->h; x += 1) {
      int32_t used = read_block(luma, block);
      if (!used) return 0;
      put_block(block, used, plane + (row * luma->v + y) * 8 * stride + (column * luma->h + x) * 8);
    }
  }
  for (int32_t i = 1; i < component_count; i += 1) if (!is_neutral(&components[i], block)) return 0;
  return 1;
}

/* Decodes `length` bytes at input(); 0 for a file that is not for this decoder, whatever the reason. */
int32_t decode(int32_t length, int32_t largest) {
  data = (uint8_t *)aligned((uintptr_t)&__heap_base);
  data_length = length;
  if (!read_headers() || image_width * image_height > largest) return 0;
  int32_t unit_width = 8 * components[0].h, unit_height = 8 * components[0].v;
  int32_t columns = (image_width + unit_width - 1) / unit_width, rows = (image_height + unit_height - 1) / unit_height;
  /* Sixteen more, since the resize reads whole vectors. */
  stride = columns * unit_width + 16;
  plane = (uint8_t *)aligned((uintptr_t)data + length + 16);
  if (!reserve((uintptr_t)plane + (uintptr_t)stride * rows * unit_height + 64)) return 0;
  static int32_t block[64] __attribute__((aligned(16)));
  for (int32_t i = 0; i < 64; i += 1) block[i] = 0;
  bits = 0;
  bit_count = padding = 0;
  for (int32_t row = 0; row < rows; row += 1)
    for (int32_t column = 0; column < columns; column += 1)
      if (!read_unit(column, row, block)) return 0;
  while (bit_count <= 32) refill();
  int32_t left = bit_count - padding;
  /* All bits were real, none but those that fill a byte is left, and the end is marked. */
  return left >= 0 && left < 8 && at + 1 < data_length && data[at] == 0xff && data[at + 1] == 0xd9;
}

/*
 * Tables for a resize: per output column its first pixel and `taps_x` weights (a multiple of 8; columns a
 * multiple of 8), per output row likewise with `taps_y`. Returned as [first_x, weights_x, first_y,
 * weights_y, out], where all but `out` are to be filled; null where there is no memory.
 */
uint32_t *tables(int32_t columns, int32_t taps_x, int32_t rows, int32_t taps_y) {
  static uint32_t places[6];
  uintptr_t end = aligned((uintptr_t)plane + (uintptr_t)stride * ((image_height + 15) & ~15) + 64);
  const uintptr_t sizes[6] = {4u * columns, 2u * columns * taps_x, 4u * rows, 2u * rows * taps_y, (uintptr_t)columns * rows, 2u * columns * image_height};
  for (int32_t i = 0; i < 6; i += 1) {
    places[i] = (uint32_t)end;
    end = aligned(end + sizes[i] + 16);
  }
  return reserve(end) ? places : 0;
}

static inline v128_t dotted(const uint8_t *pixels, const int16_t *weights, int32_t taps) {
  v128_t sum = wasm_i32x4_splat(0);
  for (int32_t t = 0; t < taps; t += 8) sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_u16x8_load8x8(pixels + t), wasm_v128_load(weights + t)));
  return sum;
}

/* Each row to `columns` values of 16 bits, 6 of them behind the point, from 0 to 255. */
static void shrink_rows(int32_t columns, int32_t taps, const int32_t *first, const int16_t *weights, int16_t *to) {
  v128_t half = wasm_i32x4_splat(1 << (WEIGHT_BITS - HALF_BITS - 1)), most = wasm_i16x8_splat(255 << HALF_BITS), none = wasm_i16x8_splat(0);
  for (int32_t y = 0; y < image_height; y += 1) {
    const uint8_t *row = plane + y * stride;
    for (int32_t x = 0; x < columns; x += 4) {
      const int16_t *w = weights + x * taps;
      v128_t a = dotted(row + first[x], w, taps), b = dotted(row + first[x + 1], w + taps, taps);
      v128_t c = dotted(row + first[x + 2], w + 2 * taps, taps), d = dotted(row + first[x + 3], w + 3 * taps, taps);
      v128_t ab = wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
      v128_t cd = wasm_i32x4_add(wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), wasm_i32x4_shuffle(c, d, 2, 6, 3, 7));
      v128_t sum = wasm_i32x4_add(wasm_i32x4_shuffle(ab, cd, 0, 1, 4, 5), wasm_i32x4_shuffle(ab, cd, 2, 3, 6, 7));
      sum = wasm_i32x4_shr(wasm_i32x4_add(sum, half), WEIGHT_BITS - HALF_BITS);
      v128_t packed = wasm_i16x8_min(wasm_i16x8_max(wasm_i16x8_narrow_i32x4(sum, sum), none), most);
      wasm_v128_store64_lane(to + y * columns + x, packed, 0);
    }
  }
}

static void shrink_columns(int32_t columns, int32_t rows, int32_t taps, const int32_t *first, const int16_t *weights, const int16_t *from, uint8_t *to) {
  v128_t half = wasm_i32x4_splat(1 << (WEIGHT_BITS + HALF_BITS - 1));
  for (int32_t y = 0; y < rows; y += 1) {
    const int16_t *above = from + first[y] * columns, *w = weights + y * taps;
    for (int32_t x = 0; x < columns; x += 8) {
      v128_t low = half, high = half;
      for (int32_t t = 0; t < taps; t += 1) {
        v128_t values = wasm_v128_load(above + t * columns + x), weight = wasm_i16x8_splat(w[t]);
        low = wasm_i32x4_add(low, wasm_i32x4_extmul_low_i16x8(values, weight));
        high = wasm_i32x4_add(high, wasm_i32x4_extmul_high_i16x8(values, weight));
      }
      v128_t sum = wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(low, WEIGHT_BITS + HALF_BITS), wasm_i32x4_shr(high, WEIGHT_BITS + HALF_BITS));
      wasm_v128_store64_lane(to + y * columns + x, wasm_u8x16_narrow_i16x8(sum, sum), 0);
    }
  }
}

/* The decoded image to rows x columns pixels at tables()'s `out`, whose arguments these are. */
void resize(int32_t columns, int32_t taps_x, int32_t rows, int32_t taps_y) {
  uint32_t *places = tables(columns, taps_x, rows, taps_y);
  int16_t *half = (int16_t *)(uintptr_t)places[5];
  shrink_rows(columns, taps_x, (int32_t *)(uintptr_t)places[0], (int16_t *)(uintptr_t)places[1], half);
  shrink_columns(columns, rows, taps_y, (int32_t *)(uintptr_t)places[2], (int16_t *)(uintptr_t)places[3], half, (uint8_t *)(uintptr_t)places[4]);
}
