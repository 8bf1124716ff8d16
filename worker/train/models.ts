/** What trains a trajectory's epochs: one compiled model, or for a transfer those that its epochs ask for one after another. */
import type { ImageEpochSettings } from '../../proto/work.js';
import type { Executable, ImageSource } from '../engine/engine.js';
import type { EpochWatch } from './trainer.js';

/** A model and the images it takes. */
export interface Loaded {
  readonly executable: Executable;
  readonly source: ImageSource;
}

export interface Models {
  /** Whose state is at hand. */
  readonly current: Loaded;
  /** All parameters of the whole model, moving statistics included. */
  readonly params: number;
  /** Brings what trains an epoch, with the state at hand; null where the epoch was interrupted meanwhile. */
  forEpoch(settings: ImageEpochSettings, watch: EpochWatch): Promise<Loaded | null>;
  /** Of the whole model. */
  state(): Uint8Array;
}

/** One model for every epoch. */
export function soleModel(executable: Executable, source: ImageSource): Models {
  const current = { executable, source };
  return { current, params: executable.params, forEpoch: () => Promise.resolve(current), state: () => executable.state() };
}
