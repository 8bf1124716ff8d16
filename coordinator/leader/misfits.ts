/** Models that cannot be built for the images of their trials: told before anything of them is handed out. */
import { canonicalJson } from '../../proto/canonical.js';
import { ZOO } from '../../proto/models.js';
import type { Trajectory } from '../../proto/work.js';
import { misfitOf } from '../../worker/model/cost.js';

/** Trials of a sweep share few structures. */
const MOST_KNOWN = 10_000;

/** Remembers what it has built. */
export class Misfits {
  readonly #known = new Map<string, string | null>();

  /** Why the trajectory's model cannot be built; null where it can, and where there is none of the zoo. */
  of(trajectory: Trajectory): string | null {
    if (trajectory.trainable !== 'image-classifier' || !ZOO.some(({ name }) => name === trajectory.model.name)) return null;
    const { model, input: { height, width, channels }, classes } = trajectory;
    const question = { model, input: { height, width, channels }, classes };
    const text = canonicalJson(question);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const misfit = misfitOf(question);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(text, misfit);
    return misfit;
  }
}
