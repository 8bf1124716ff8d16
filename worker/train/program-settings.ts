/** What a program is told: the settings file, and the variables of its environment. */
import { variableOf } from '../../proto/program.js';
import type { Json, ProgramTrajectory, SyntheticEpochSettings, TrainWork } from '../../proto/work.js';
import type { Workspace } from './workspace.js';

/** Of one start of a program, as settings.json has it; its fields are a contract (docs/trainables.md). */
export interface ProgramSettings {
  readonly format: 1;
  /** The epochs [from, to) are to be trained, each reported in its turn. */
  readonly from: number;
  readonly to: number;
  readonly seed: number;
  readonly replicate: number;
  /** Folder of the checkpoint at the end of epoch from - 1; null where from is 0. */
  readonly load: string | null;
  readonly save: string;
  readonly stop: string;
  /** In force in the first of these epochs. */
  readonly settings: { readonly [hyperparameter: string]: Json };
  /** In force in each of them, in order. */
  readonly epochs: readonly { readonly epoch: number; readonly settings: { readonly [hyperparameter: string]: Json } }[];
}

export function programSettings(work: TrainWork, trajectory: ProgramTrajectory, { load, save, stop }: Workspace): ProgramSettings {
  const epochs = work.epochs.map((settings, index) => ({ epoch: work.from + index, settings: (settings as SyntheticEpochSettings).values }));
  const { seed, replicate } = trajectory;
  return { format: 1, from: work.from, to: work.to, seed, replicate, load, save, stop, settings: epochs[0]?.settings ?? {}, epochs };
}

/** Texts as they are, everything else as JSON. */
export function programVariables(settings: ProgramSettings, settingsFile: string): { readonly [name: string]: string } {
  const { from, to, seed, replicate, load, save, stop } = settings;
  const hyperparameters = Object.entries(settings.settings).map(([name, value]) => [variableOf(name), typeof value === 'string' ? value : JSON.stringify(value)] as const);
  return {
    ...Object.fromEntries(hyperparameters),
    ...{ TRAWL_SETTINGS: settingsFile, TRAWL_LOAD: load ?? '', TRAWL_SAVE: save, TRAWL_STOP: stop },
    ...{ TRAWL_FROM: String(from), TRAWL_TO: String(to), TRAWL_SEED: String(seed), TRAWL_REPLICATE: String(replicate) },
  };
}
