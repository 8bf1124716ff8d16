/** Learning curves as they are drawn: which metrics there are, along epochs or time, smoothed or not. Pure. */
import type { Answers } from '../../api/types.js';
import { MOST_IN_LEGEND, type ChartSpec } from '../../components/chart-spec.js';
import { steps } from '../../components/ticks.js';
import { whole } from '../../text/format.js';

/** Of one metric, as the API has it. */
export interface Curve extends Pick<Answers['GET /sweeps/:sweep/curves']['curves'][number], 'values' | 'seconds'> {
  readonly trial: number;
  /** For patterns and under the pointer: its number and the settings by which it differs. */
  readonly name: string;
}

export interface CurveOptions {
  readonly title: string;
  readonly metric: string;
  readonly along: 'epochs' | 'time';
  readonly isLog: boolean;
  /** Weight of what came before, in [0, 1). */
  readonly smoothing: number;
}

/**
 * An exponential moving average without the pull of its beginning (Kingma and Ba 2015, section 3: divided by
 * 1 - weight^n), so that it starts at the first value and not at 0.
 */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight === 0) return [...values];
  let mean = 0;
  let count = 0;
  return values.map((value) => {
    if (value === null) return null;
    mean = weight * mean + (1 - weight) * value;
    count += 1;
    return mean / (1 - weight ** count);
  });
}

/** About as many as a chart has px across. */
const MOST_TIMES = 1_000;

/** When each epoch ended, in seconds of training. Of more times than are told apart, each stands at the nearest of round ones, `step` s apart. */
function timesOf(curves: readonly Curve[]): { readonly places: readonly (readonly number[])[]; readonly step: number | null } {
  const exact = curves.map(({ seconds }) => {
    let sum = 0;
    return seconds.map((each) => (sum += each));
  });
  if (new Set(exact.flat()).size <= MOST_TIMES) return { places: exact, step: null };
  const last = exact.reduce((most, times) => Math.max(most, times.at(-1) ?? 0), 0);
  const [, step = 1] = steps(0, last, { parts: MOST_TIMES });
  return { places: exact.map((times) => times.map((time) => Number((Math.round(time / step) * step).toPrecision(12)))), step };
}

/** One line for each curve over the x values of all, a point where it has a single value. */
export function curveSpec(curves: readonly Curve[], { title, metric, along, isLog, smoothing }: CurveOptions): ChartSpec {
  const { places, step } = along === 'time' ? timesOf(curves) : { places: curves.map(({ values }) => values.map((_, epoch) => epoch)), step: null };
  const xs = [...new Set(places.flat())].sort((a, b) => a - b);
  const indexOf = new Map(xs.map((x, index) => [x, index]));
  const series = curves.map((curve, index) => {
    const values: (number | null)[] = xs.map(() => null);
    const own = smoothed(curve.values, smoothing);
    for (const [at, x] of (places[index] ?? []).entries()) {
      const place = indexOf.get(x) ?? 0;
      values[place] = own[at] ?? values[place] ?? null;
    }
    // Lines that the legend names are told apart by dashes too; of thousands none is drawn so, which takes long.
    return { label: curve.name, values, colour: index < MOST_IN_LEGEND ? index + 1 : (index % 8) + 1, kind: 'line' as const, spansGaps: true };
  });
  return {
    title,
    x: along === 'epochs' ? { label: 'Epochs', whole: true } : { label: step === null ? 'Time in training (s)' : `Time in training (s, to the nearest ${step})` },
    y: { label: `${metric}${isLog ? ' (log)' : ''}${smoothing > 0 ? ', smoothed' : ''}`, log: isLog },
    xs,
    series,
  };
}

/** Trials whose names have the pattern in them. */
export interface Matches {
  /** The best ones first, no more than are drawn. */
  readonly trials: readonly number[];
  /** What the picture leaves out, for the end of its summary; empty for nothing. */
  readonly leftOut: string;
}

/** `names`: by number, the best first, of a sample of `of` trials. Null where none matches. */
export function matchesOf(written: string, pattern: RegExp, names: ReadonlyMap<number, string>, of: number, most: number): Matches | null {
  // A trial that is named by its number alone needs no sample.
  const named = /^#(\d+)$/.exec(written)?.[1];
  if (named !== undefined && !names.has(Number(named))) return { trials: [Number(named)], leftOut: '' };
  const found = [...names].filter(([, name]) => pattern.test(name)).map(([number]) => number);
  if (found.length === 0) return null;
  return { trials: found.slice(0, most), leftOut: `${found.length > most ? `, the best of ${whole(found.length)} whose names match` : ''}${names.size < of ? `; ${searchedText(names.size, of)}` : ''}` };
}

/** That names were held against the pattern for a sample alone. */
export function searchedText(searched: number, of: number): string {
  return `searched were ${whole(searched)} of ${whole(of)} trials, taken evenly over the leaderboard`;
}

/** Whether a name has a pattern in it: a regular expression, as in TensorBoard; null where it is none. */
export function patternOf(text: string): RegExp | null {
  try {
    return new RegExp(text, 'iu');
  } catch {
    return null;
  }
}
