/** Durations as people write them: 90s, 10m, 1h30m, 500ms. */
export const durationPattern = /^(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

const UNITS_MS = [3_600_000, 60_000, 1_000, 1];
const UNIT_NAMES = ['h', 'm', 's', 'ms'];

/** Milliseconds of a text that matches `durationPattern`. */
export function durationMs(duration: string): number {
  const [, ...amounts] = durationPattern.exec(duration) ?? [];
  return UNITS_MS.reduce((sum, unit, index) => sum + unit * Number(amounts[index] ?? 0), 0);
}

/** The shortest text that means so many milliseconds: 90 minutes are 1h30m. Parts of a millisecond are rounded. */
export function durationText(ms: number): string {
  let left = Math.round(ms);
  const amounts = UNITS_MS.map((unit) => {
    const amount = Math.floor(left / unit);
    left -= amount * unit;
    return amount;
  });
  return amounts.map((amount, index) => (amount === 0 ? '' : `${amount}${UNIT_NAMES[index] ?? ''}`)).join('') || '0s';
}
