/** What a sweep has of the fleet: the stages that are leased for it now, and the slot time that it has used under this leader. */

export class Share {
  #leased = 0;
  #begun = 0;
  /** Of the begun ones, so that their time is known without a walk over them. */
  #sumOfBegunAt = 0;
  #endedMs = 0;

  /** Stages, begun or not. */
  get leased(): number {
    return this.#leased;
  }

  /** In ms, up to `now`, on the clock of `begin`. */
  usedMs(now: number): number {
    return this.#endedMs + this.#begun * now - this.#sumOfBegunAt;
  }

  /** It has used no less than this. */
  raiseTo(usedMs: number, now: number): void {
    this.#endedMs += Math.max(0, usedMs - this.usedMs(now));
  }

  lease(): void {
    this.#leased += 1;
  }

  begin(begunAt: number): void {
    this.#begun += 1;
    this.#sumOfBegunAt += begunAt;
  }

  /** What was taken to have begun had not. */
  unbegin(begunAt: number): void {
    this.#begun -= 1;
    this.#sumOfBegunAt = this.#begun === 0 ? 0 : this.#sumOfBegunAt - begunAt;
  }

  /** `begunAt` is null for a stage that never began. */
  end(begunAt: number | null, now: number): void {
    this.#leased -= 1;
    if (begunAt === null) return;
    this.#endedMs += now - begunAt;
    this.unbegin(begunAt);
  }
}
