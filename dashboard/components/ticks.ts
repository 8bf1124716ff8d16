/** Where an axis is marked. Pure. */

/** Round numbers about a `parts`th of the way apart, and at least `closest`; `least` below `most`. */
export function steps(least: number, most: number, { closest = 0, parts = 6 }: { readonly closest?: number; readonly parts?: number } = {}): number[] {
  const rough = Math.max((most - least) / parts, closest);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999) ?? rough;
  const first = Math.ceil(least / step - 1e-9);
  const count = Math.floor(most / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** More powers of ten are not all marked. */
const MOST_POWERS = 10;

/** Between two numbers above 0: powers of ten, with 2 and 5 times them where they are fewer than three; round numbers where those are fewer than three too. */
export function powers(least: number, most: number): number[] {
  const within = (value: number): boolean => value >= least * (1 - 1e-9) && value <= most * (1 + 1e-9);
  const [first, last] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  const times = (...factors: number[]): number[] => Array.from({ length: last - first + 1 }, (_, index) => factors.map((factor) => Number(`${factor}e${first + index}`))).flat().filter(within);
  const tens = times(1);
  if (tens.length >= 3) return tens.filter((_, index) => index % Math.ceil(tens.length / MOST_POWERS) === 0);
  const between = times(1, 2, 5);
  return between.length >= 3 ? between : steps(least, most).filter((tick) => tick > 0);
}

/** E.g. 0.25, 1500, 2e+7. */
export function tickText(value: number): string {
  return value !== 0 && (Math.abs(value) < 0.0001 || Math.abs(value) >= 1_000_000) ? value.toExponential(0) : String(Number(value.toPrecision(6)));
}

/** Seconds, from a thousandth to thirty days, that people count time in. */
const TIME_STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60), ...[1, 2, 3, 6, 12, 24, 48, 168, 720].map((hours) => hours * 3_600)];

/** Round times (s since 1970) of the viewer's zone, as `steps` are round numbers. */
export function timeSteps(least: number, most: number, parts = 6): number[] {
  const step = TIME_STEPS.find((each) => each >= (most - least) / parts) ?? (most - least) / parts;
  const zone = new Date(least * 1_000).getTimezoneOffset() * 60;
  const first = Math.ceil((least - zone) / step) * step + zone;
  return Array.from({ length: Math.max(0, Math.floor((most - first) / step + 1e-6) + 1) }, (_, index) => first + index * step);
}

/**
 * Times (s since 1970) along an axis, in the viewer's zone: a clock, with seconds where marks are closer than a
 * minute, and parts of them where they are closer than a second, over the day where it is another than that of the mark before; days alone where marks are days apart. A single mark is told to the second.
 */
export function timeTexts(marks: readonly number[]): string[] {
  const apart = marks.length < 2 ? 1 : Math.min(...marks.slice(1).map((mark, index) => mark - (marks[index] ?? 0)));
  const clock = new Intl.DateTimeFormat(undefined, clockOptions(apart));
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
  const days = marks.map((mark) => day.format(mark * 1_000));
  return marks.map((mark, index) => {
    const text = days[index] ?? '';
    if (apart >= 86_400) return text;
    return text === days[index - 1] ? clock.format(mark * 1_000) : `${clock.format(mark * 1_000)}\n${text}`;
  });
}

/** Of marks so many seconds apart. */
function clockOptions(apart: number): Intl.DateTimeFormatOptions {
  if (apart >= 60) return { timeStyle: 'short' };
  // Floats of seconds since 1970 hold a ten-millionth.
  if (apart > 1 - 1e-6) return { timeStyle: 'medium' };
  const digits = apart > 0.1 - 1e-6 ? 1 : apart > 0.01 - 1e-6 ? 2 : 3;
  return { hour: 'numeric', minute: '2-digit', second: '2-digit', fractionalSecondDigits: digits };
}
