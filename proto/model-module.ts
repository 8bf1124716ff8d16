/**
 * A model of the user's own, as data. Its module is run where the sweep is submitted, once for each
 * structure that the sweep asks for; from then on only what it built counts.
 */
import { canonicalJson } from './canonical.js';
import { OPTIMIZERS, type Knob, type ZooModel } from './models.js';
import type { Json, Topology } from './work.js';

export interface ModelModule {
  /** As the sweep file writes it. */
  readonly path: string;
  /** SHA-256 of its code with all that it imports: tells that it was edited. Not part of a key. */
  readonly digest: string;
  readonly knobs: readonly Knob[];
  /** Distinct ones. */
  readonly topologies: readonly Topology[];
  /** `structureName` to index in `topologies`; empty while none is built. */
  readonly builds: { readonly [structure: string]: number };
}

/** What `build` is called with. */
export interface Structure {
  readonly settings: { readonly [knob: string]: Json };
  readonly input: { readonly height: number; readonly width: number; readonly channels: 1 | 3; readonly classes: number };
  /** As ModelChoice has it; a module's last layer is its own matter. */
  readonly head?: 'sigmoid';
}

export const MODULE_PATH = /^(?:\.{1,2}\/|\/).*\.(?:ts|mts|js|mjs)$/;

export function isModulePath(model: unknown): model is string {
  return typeof model === 'string' && MODULE_PATH.test(model);
}

export function structureName({ settings, input }: Structure): string {
  return canonicalJson([settings, input]);
}

/** Null where it was not built for that. */
export function builtTopology(module: ModelModule, structure: Structure): Topology | null {
  const index = module.builds[structureName(structure)];
  return index === undefined ? null : (module.topologies[index] ?? null);
}

/** The module as a model like those of the zoo; no study stands behind its defaults. */
export function moduleModel({ path, knobs }: Pick<ModelModule, 'path' | 'knobs'>): ZooModel {
  return {
    name: path,
    meaning: 'a module',
    from: "one's own file",
    knobs,
    minImageSize: 1,
    defaults: { imageSize: 64, batch: 32, epochs: 20, lr: 0.001, dropout: 0, optimizer: OPTIMIZERS.adam, normalisation: 'scale' },
  };
}
