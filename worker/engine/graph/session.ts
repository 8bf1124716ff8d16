import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataType, TensorValues, TfjsBinding } from '../native/native.js';
import { explained } from './errors.js';
import { GRAPH_TAG } from './graph-def.js';
import type { Ref } from './graph-builder.js';

export interface Feed {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Handed over without a copy: not to be written to before the run is over. */
  readonly values: TensorValues;
}

/** A graph loaded into TensorFlow, with its variables. Every tensor that a run makes is gone after it. */
export class Session {
  private readonly binding: TfjsBinding;
  private readonly id: number;

  /**
   * The addon loads from a folder only: it is there while it is read. Throws OutOfMemoryError, GraphFailed,
   * and what the file system throws.
   */
  constructor(binding: TfjsBinding, savedModel: Uint8Array) {
    this.binding = binding;
    const folder = mkdtempSync(join(tmpdir(), 'trawl-graph-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), savedModel);
      this.id = calling('load the graph', () => binding.loadSavedModel(folder, GRAPH_TAG));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Runs what the fetched nodes need, once. Throws OutOfMemoryError and GraphFailed. `what` is for their message. */
  run(what: string, feeds: readonly Feed[], fetches: readonly Ref[]): TensorValues[] {
    const { binding } = this;
    const tensors: number[] = [];
    try {
      return calling(what, () => {
        for (const { shape, type, values } of feeds) tensors.push(binding.createTensor(shape, type, values));
        const names = (refs: readonly string[]): string => refs.map((ref) => (ref.includes(':') ? ref : `${ref}:0`)).join(',');
        const fed = tensors.slice();
        const fetched = binding.runSavedModel(this.id, fed, names(feeds.map(({ name }) => name)), names(fetches));
        tensors.push(...fetched.map(({ id }) => id));
        return fetched.map(({ id }) => binding.tensorDataSync(id));
      });
    } finally {
      for (const tensor of tensors) binding.deleteTensor(tensor);
    }
  }

  dispose(): void {
    this.binding.deleteSavedModel(this.id);
  }
}

function calling<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw explained(error, what);
  }
}
