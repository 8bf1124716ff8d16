/** The rungs of successive halving, and who stands on them. */

interface Standing {
  readonly number: number;
  readonly value: number;
}

export class Rung {
  readonly epochs: number;
  /** All who came here, best first; ties go by number. */
  readonly #all: Standing[] = [];
  readonly #gone = new Set<number>();
  readonly #waiting = new Set<number>();

  constructor(epochs: number) {
    this.epochs = epochs;
  }

  get size(): number {
    return this.#all.length;
  }

  /** Whoever went on already (before a restart) never waits. */
  add(number: number, value: number, waits: boolean): void {
    let place = this.#all.length;
    while (place > 0 && before({ number, value }, this.#all[place - 1])) place -= 1;
    this.#all.splice(place, 0, { number, value });
    if (waits) this.#waiting.add(number);
    else this.#gone.add(number);
  }

  has(number: number): boolean {
    return this.#gone.has(number) || this.#waiting.has(number);
  }

  isAmongBest(number: number, count: number): boolean {
    return this.#all.slice(0, count).some((standing) => standing.number === number && Number.isFinite(standing.value));
  }

  /** The best of the first `count` that waits, now gone on; null for none. */
  takeBest(count: number): number | null {
    for (const { number, value } of this.#all.slice(0, count)) {
      if (this.#waiting.has(number) && Number.isFinite(value)) {
        this.goOn(number);
        return number;
      }
    }
    return null;
  }

  goOn(number: number): void {
    this.#waiting.delete(number);
    this.#gone.add(number);
  }

  /** It ended while it waited; its value stays, for others to be compared with. */
  leave(number: number): void {
    this.#waiting.delete(number);
  }
}

function before(a: Standing, b: Standing | undefined): boolean {
  return b !== undefined && (a.value < b.value || (a.value === b.value && a.number < b.number));
}

/** minEpochs * eta^(skip + k), as far as that is below `length`. */
export function rungEpochs(minEpochs: number, eta: number, skip: number, length: number): number[] {
  const rungs: number[] = [];
  for (let epochs = minEpochs * eta ** skip; Math.round(epochs) < length; epochs *= eta) rungs.push(Math.round(epochs));
  return rungs;
}
