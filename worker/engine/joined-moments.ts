/** Mean and variance of each channel over chunks, from each chunk's own (Chan, Golub, LeVeque 1979, formula 1.5), in float64. */
export class JoinedMoments {
  private readonly means: Float64Array;
  private readonly squares: Float64Array;
  private count = 0;

  constructor(channels: number) {
    this.means = new Float64Array(channels);
    this.squares = new Float64Array(channels);
  }

  /** Of `count` values per channel: their mean and the sum of their squares about it, [channels] each. */
  take(means: ArrayLike<number>, squares: ArrayLike<number>, count: number): void {
    const together = this.count + count;
    for (let channel = 0; channel < this.means.length; channel++) {
      const apart = (means[channel] ?? NaN) - this.means[channel]!;
      this.means[channel]! += (apart * count) / together;
      this.squares[channel]! += (squares[channel] ?? NaN) + (apart * apart * this.count * count) / together;
    }
    this.count = together;
  }

  mean(): Float32Array {
    return Float32Array.from(this.means);
  }

  /** Biased; 0 where rounding made it negative. */
  variance(): Float32Array {
    return Float32Array.from(this.squares, (sum) => Math.max(0, sum / this.count));
  }
}
