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

/** Powers of ten between two numbers above 0 where there are two or more, else round numbers. */
export function powers(least: number, most: number): number[] {
  const first = Math.ceil(Math.log10(least) - 1e-9);
  const found = Array.from({ length: Math.max(0, Math.floor(Math.log10(most) + 1e-9) - first + 1) }, (_, index) => Number(`1e${first + index}`));
  return found.length >= 2 ? found : steps(least, most).filter((tick) => tick > 0);
}

/** E.g. 0.25, 1500, 2e+7. */
export function tickText(value: number): string {
  return value !== 0 && (Math.abs(value) < 0.0001 || Math.abs(value) >= 1_000_000) ? value.toExponential(0) : String(Number(value.toPrecision(6)));
}
