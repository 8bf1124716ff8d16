/** Learning curves as they are drawn: which metrics there are, along epochs or time, smoothed or not. Pure. */
import type { Answers } from '../../api/types.js';
import type { ChartSpec } from '../../components/chart-spec.js';

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

/** One line for each curve over the x values of all. */
export function curveSpec(curves: readonly Curve[], { title, metric, along, isLog, smoothing }: CurveOptions): ChartSpec {
  const xOf = (curve: Curve): number[] => {
    if (along === 'epochs') return curve.values.map((_, epoch) => epoch + 1);
    let sum = 0;
    return curve.seconds.map((each) => (sum += each));
  };
  const places = curves.map(xOf);
  const xs = [...new Set(places.flat())].sort((a, b) => a - b);
  const indexOf = new Map(xs.map((x, index) => [x, index]));
  const series = curves.map((curve, index) => {
    const values: (number | null)[] = xs.map(() => null);
    const own = smoothed(curve.values, smoothing);
    for (const [at, x] of (places[index] ?? []).entries()) values[indexOf.get(x) ?? 0] = own[at] ?? null;
    return { label: curve.name, values, colour: (index % 8) + 1, kind: 'line' as const, spansGaps: true };
  });
  return {
    title,
    x: along === 'epochs' ? { label: 'Epochs', whole: true } : { label: 'Time in training (s)' },
    y: { label: `${metric}${isLog ? ' (log)' : ''}${smoothing > 0 ? ', smoothed' : ''}`, log: isLog },
    xs,
    series,
  };
}

/** Whether a name has a pattern in it: a regular expression, as in TensorBoard; null where it is none. */
export function patternOf(text: string): RegExp | null {
  try {
    return new RegExp(text, 'iu');
  } catch {
    return null;
  }
}
