/** What a chart shows, apart from how it is drawn: on the page by uPlot, as a file by chart-svg.ts. Pure. */

export interface ChartAxis {
  /** With its unit, e.g. `Time (min)`. */
  readonly label: string;
  /** Logarithmic; values up to 0 are left out. */
  readonly log?: boolean;
  /** Values are seconds since 1970, shown in the viewer's zone. */
  readonly time?: boolean;
  /** Only whole numbers are marked. */
  readonly whole?: boolean;
}

export interface ChartSeries {
  readonly label: string;
  /** One for each x; null where there is none. */
  readonly values: readonly (number | null)[];
  /** Of the palette, from 1 to 8; from 9 on the same colours again, dashed. */
  readonly colour: number;
  readonly kind: 'line' | 'step' | 'points';
  /** Whether a line goes on over places without a value. */
  readonly spansGaps?: boolean;
}

const COLOURS = 8;

/** Dashes and the gaps between them, in px; none for a whole line. */
export function dashesOf({ colour }: Pick<ChartSeries, 'colour'>): readonly number[] {
  return colour > COLOURS ? [6, 4] : [];
}

/** More lines are told apart by the pointer. */
export const MOST_IN_LEGEND = 12;

export interface ChartSpec {
  readonly title: string;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  /** In ascending order, shared by all series. */
  readonly xs: readonly number[];
  readonly series: readonly ChartSeries[];
}

/** The series with the values that have a place on its axis; the others are null. */
export function usable(series: ChartSeries, { log }: ChartAxis): ChartSeries {
  if (log !== true) return series;
  return { ...series, values: series.values.map((value) => (value === null || value <= 0 ? null : value)) };
}

/** Indexes of values that no line leads to or from: they are drawn as points, or nobody would see them. Pure. */
export function loneValues({ values, kind, spansGaps = kind === 'step' }: ChartSeries): number[] {
  const isThere = (index: number): boolean => (values[index] ?? null) !== null;
  if (spansGaps) {
    const first = values.findIndex((value) => value !== null);
    return first >= 0 && values.findIndex((value, index) => index > first && value !== null) < 0 ? [first] : [];
  }
  // Thousands of lines are drawn: no list is made for each.
  const lone: number[] = [];
  for (let index = 0; index < values.length; index += 1) if (isThere(index) && !isThere(index - 1) && !isThere(index + 1)) lone.push(index);
  return lone;
}
