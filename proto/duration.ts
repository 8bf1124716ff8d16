/** Durations as people write them: 90s, 10m, 1h30m, 500ms. */
export const durationPattern = /^(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

const UNITS_MS = [3_600_000, 60_000, 1_000, 1];

/** Milliseconds of a text that matches `durationPattern`. */
export function durationMs(duration: string): number {
  const [, ...amounts] = durationPattern.exec(duration) ?? [];
  return UNITS_MS.reduce((sum, unit, index) => sum + unit * Number(amounts[index] ?? 0), 0);
}
