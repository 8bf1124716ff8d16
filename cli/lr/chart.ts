/** Loss against rate as a PNG: the losses of single steps, their running mean, and what is suggested. */
import { Canvas, FAINT, INK, type Ink, ADVANCE } from '../picture/canvas.js';
import { GLYPH_HEIGHT } from '../picture/font.js';

export interface LrChart {
  readonly title: string;
  /** Ascending, above 0; as many as losses, which are finite. */
  readonly rates: readonly number[];
  readonly losses: readonly number[];
  readonly smoothed: readonly number[];
  readonly marks: readonly { readonly rate: number; readonly text: string; readonly ink: Ink }[];
}

const WIDTH = 960;
const HEIGHT = 600;
const LEFT = 96;
const RIGHT = 24;
const TOP = 84;
const BOTTOM = 72;
const GRID: Ink = [52, 52, 52];
const DOT: Ink = [96, 116, 140];
const CURVE: Ink = [240, 200, 90];
/** Of the range from the least to the first mean: room for the rise at the end. */
const HEADROOM = 0.5;

/** PNG bytes. */
export function renderLrChart(chart: LrChart): Promise<Buffer> {
  const canvas = new Canvas(WIDTH, HEIGHT);
  const plot = new Plot(canvas, chart);
  canvas.text(chart.title, LEFT, 14, 2, INK);
  plot.axes();
  for (const [index, mark] of chart.marks.entries()) plot.mark(mark, index);
  chart.losses.forEach((loss, step) => plot.dot(chart.rates[step] ?? NaN, loss));
  plot.curve(chart.rates, chart.smoothed);
  return canvas.png();
}

class Plot {
  readonly #canvas: Canvas;
  readonly #first: number;
  readonly #last: number;
  readonly #low: number;
  readonly #high: number;

  constructor(canvas: Canvas, { rates, smoothed }: LrChart) {
    this.#canvas = canvas;
    this.#first = Math.log10(rates[0] ?? 1);
    this.#last = Math.max(this.#first + 0.1, Math.log10(rates.at(-1) ?? 1));
    const least = Math.min(...smoothed);
    const start = Math.max(...smoothed.slice(0, smoothed.indexOf(least) + 1));
    const span = Math.max(start - least, 1e-3);
    this.#low = least - 0.1 * span;
    this.#high = start + HEADROOM * span;
  }

  axes(): void {
    const canvas = this.#canvas;
    for (let power = Math.ceil(this.#first - 1e-6); power <= this.#last + 1e-6; power += 1) {
      const x = this.#x(10 ** power);
      canvas.line(x, TOP, x, HEIGHT - BOTTOM, 1, GRID);
      centred(canvas, `1e${power}`, x, HEIGHT - BOTTOM + 10, FAINT);
    }
    for (const value of niceValues(this.#low, this.#high)) {
      const y = this.#y(value);
      canvas.line(LEFT, y, WIDTH - RIGHT, y, 1, GRID);
      const text = String(Number(value.toPrecision(6)));
      canvas.text(text, LEFT - 10 - text.length * ADVANCE * 2, y - GLYPH_HEIGHT, 2, FAINT);
    }
    canvas.line(LEFT, TOP, LEFT, HEIGHT - BOTTOM, 1, FAINT);
    canvas.line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, 1, FAINT);
    centred(canvas, 'learning rate (log scale)', (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 32, INK);
    canvas.text('loss', 12, TOP - 24, 2, INK);
  }

  mark({ rate, text, ink }: LrChart['marks'][number], index: number): void {
    const x = this.#x(rate);
    this.#canvas.line(x, TOP, x, HEIGHT - BOTTOM, 2, ink);
    this.#canvas.text(text, LEFT, 38 + index * 20, 2, ink);
  }

  dot(rate: number, loss: number): void {
    if (loss >= this.#low && loss <= this.#high) this.#canvas.rectangle(this.#x(rate) - 1, this.#y(loss) - 1, 3, 3, DOT);
  }

  curve(rates: readonly number[], values: readonly number[]): void {
    for (let step = 1; step < values.length; step += 1) {
      const [before, after] = [values[step - 1] ?? NaN, values[step] ?? NaN];
      // What rises above the plot leaves it.
      if (before > this.#high) continue;
      this.#canvas.line(this.#x(rates[step - 1] ?? NaN), this.#y(before), this.#x(rates[step] ?? NaN), this.#y(Math.min(after, this.#high)), 3, CURVE);
    }
  }

  #x(rate: number): number {
    return LEFT + ((Math.log10(rate) - this.#first) / (this.#last - this.#first)) * (WIDTH - LEFT - RIGHT);
  }

  #y(loss: number): number {
    return TOP + ((this.#high - loss) / (this.#high - this.#low)) * (HEIGHT - TOP - BOTTOM);
  }
}

function centred(canvas: Canvas, text: string, x: number, top: number, ink: Ink): void {
  canvas.text(text, Math.round(x - text.length * ADVANCE), top, 2, ink);
}

/** A few multiples of 1, 2 or 5 times a power of ten between the two. */
export function niceValues(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const values: number[] = [];
  for (let index = Math.ceil(low / step); index * step <= high; index += 1) values.push(index * step);
  return values;
}
