/** Symmetric positive definite matrices, [size, size] row by row; of a lower triangle the rest is never read. */

/**
 * The lower triangle L of L L' = matrix, or null where the matrix is not positive definite in double
 * precision. The matrix is left as it is.
 */
export function cholesky(matrix: Float64Array, size: number): Float64Array | null {
  const lower = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    const start = row * size;
    for (let column = 0; column < row; column += 1) {
      const other = column * size;
      lower[start + column] = (matrix[start + column]! - dot(lower, start, lower, other, column)) / lower[other + column]!;
    }
    const square = matrix[start + row]! - dot(lower, start, lower, start, row);
    // Not a number is not positive either.
    if (!(square > 0)) return null;
    lower[start + row] = Math.sqrt(square);
  }
  return lower;
}

/** x of L x = right, [size]. */
export function solveLower(lower: Float64Array, size: number, right: Float64Array): Float64Array {
  const solution = new Float64Array(size);
  for (let row = 0; row < size; row += 1) {
    const start = row * size;
    solution[row] = (right[row]! - dot(lower, start, solution, 0, row)) / lower[start + row]!;
  }
  return solution;
}

/** x of L' x = right, [size]. */
export function solveUpper(lower: Float64Array, size: number, right: Float64Array): Float64Array {
  const solution = right.slice();
  for (let row = size - 1; row >= 0; row -= 1) {
    const start = row * size;
    const value = solution[row]! / lower[start + row]!;
    solution[row] = value;
    for (let k = 0; k < row; k += 1) solution[k]! -= lower[start + k]! * value;
  }
  return solution;
}

/** The lower triangle of the inverse of L L'. */
export function inverseOf(lower: Float64Array, size: number): Float64Array {
  // Rows of `upper` are columns of the inverse of L, so that the inner loops run along rows.
  const upper = new Float64Array(size * size);
  for (let column = 0; column < size; column += 1) {
    const own = column * size;
    upper[own + column] = 1 / lower[own + column]!;
    for (let row = column + 1; row < size; row += 1) {
      const start = row * size;
      upper[own + row] = -dot(lower, start + column, upper, own + column, row - column) / lower[start + row]!;
    }
  }
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      inverse[row * size + column] = dot(upper, row * size + row, upper, column * size + row, size - row);
    }
  }
  return inverse;
}

/** Four sums at a time: one would wait for its own addition at every step. */
function dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, count: number): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let k = 0;
  for (; k + 3 < count; k += 4) {
    first += a[aStart + k]! * b[bStart + k]!;
    second += a[aStart + k + 1]! * b[bStart + k + 1]!;
    third += a[aStart + k + 2]! * b[bStart + k + 2]!;
    fourth += a[aStart + k + 3]! * b[bStart + k + 3]!;
  }
  for (; k < count; k += 1) first += a[aStart + k]! * b[bStart + k]!;
  return first + second + (third + fourth);
}
