/** Loaded before a process of a chaos run: with each SIGUSR2 its clock of the day jumps by an hour, forth and back in turn. */
const HOUR_MS = 3_600_000;
const RealDate = Date;
let offsetMs = 0;
let jumps = 0;

process.on('SIGUSR2', () => {
  jumps += 1;
  // Forth, right, back, right: each jump is followed by one that undoes it.
  offsetMs = [0, HOUR_MS, 0, -HOUR_MS][jumps % 4] ?? 0;
});

class JumpingDate extends RealDate {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(RealDate.now() + offsetMs);
    else super(...(given as [number]));
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

globalThis.Date = JumpingDate as DateConstructor;
