/** Symmetric positive definite matrices, [size, size] row by row; of a lower triangle the rest is never read. */

/**
 * The lower triangle L of L L' = matrix, or null where the matrix is not positive definite in double
 * precision. The matrix is left as it is.
 */
export function cholesky(matrix: Float64Array, size: number): Float64Array | null {
  const lower = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    const start = row * size;
    for (let column = 0; column <= row; column += 1) {
      const other = column * size;
      let sum = matrix[start + column]!;
      for (let k = 0; k < column; k += 1) sum -= lower[start + k]! * lower[other + k]!;
      if (column < row) lower[start + column] = sum / lower[other + column]!;
      else if (sum > 0) lower[start + row] = Math.sqrt(sum);
      else return null;
    }
  }
  return lower;
}

/** x of L x = right, [size]. */
export function solveLower(lower: Float64Array, size: number, right: Float64Array): Float64Array {
  const solution = new Float64Array(size);
  for (let row = 0; row < size; row += 1) {
    const start = row * size;
    let sum = right[row]!;
    for (let k = 0; k < row; k += 1) sum -= lower[start + k]! * solution[k]!;
    solution[row] = sum / lower[start + row]!;
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
  // Rows of `upper` are columns of the inverse of L, so that the inner loops below run along rows.
  const upper = new Float64Array(size * size);
  for (let column = 0; column < size; column += 1) {
    const own = column * size;
    upper[own + column] = 1 / lower[own + column]!;
    for (let row = column + 1; row < size; row += 1) {
      const start = row * size;
      let sum = 0;
      for (let k = column; k < row; k += 1) sum -= lower[start + k]! * upper[own + k]!;
      upper[own + row] = sum / lower[start + row]!;
    }
  }
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = 0;
      for (let k = row; k < size; k += 1) sum += upper[row * size + k]! * upper[column * size + k]!;
      inverse[row * size + column] = sum;
    }
  }
  return inverse;
}
