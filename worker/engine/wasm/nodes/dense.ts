import type { Operation } from '../../program.js';
import type { Arena, View } from '../arena.js';
import type { Slot } from '../parameters.js';
import { type Gradient, type Machine, NO_GRADIENT, type Node, type Pass, wholeGradient } from './node.js';

export type DenseOperation = Extract<Operation, { kind: 'dense' }>;

/** Floats of the weights' gradient that exist at a time: it is used up block by block, in cache. */
const BLOCK_FLOATS = 32_768;

/**
 * The gradient of a large dense layer's weights is never whole: a block of rows is worked out and the
 * optimizer applied to it, which saves 12 MB of writes and reads in garth-cnn at 100 px.
 */
export class DenseNode implements Node {
  readonly name: string;
  readonly input: View;
  readonly output: View;
  private readonly operation: DenseOperation;
  private readonly kernel: Slot;
  private readonly bias: Slot | null;
  private readonly inner: View | null;
  private readonly blockRows: number;
  private readonly block: number;
  private readonly biasSums: number;

  /** `input` and `output` must have no borders: rows of `channels` floats, one per image. */
  constructor(operation: DenseOperation, slots: ReadonlyMap<string, Slot>, arena: Arena, input: View, output: View, inner: View | null) {
    this.operation = operation;
    this.name = operation.name;
    this.input = input;
    this.output = output;
    this.inner = inner;
    this.kernel = slots.get(operation.kernel.name)!;
    this.bias = operation.bias === null ? null : slots.get(operation.bias.name)!;
    const units = operation.output.channels;
    this.blockRows = Math.min(operation.input.channels, 4 * Math.max(1, Math.floor(BLOCK_FLOATS / units / 4)));
    this.block = arena.floats(this.blockRows * units);
    this.biasSums = arena.doubles(units);
  }

  forward(machine: Machine, count: number): void {
    const { input, output } = this.operation;
    machine.kernels.dense_forward(this.input.at, this.kernel.at, this.bias?.at ?? 0, this.output.at, count, input.channels, output.channels);
  }

  backward(machine: Machine, count: number, _pass: Pass, above: Gradient): Gradient {
    if (above.view === null) throw new Error(`${this.name}: the gradient of a dense layer's output must lie whole`);
    const { kernels } = machine;
    const dy = above.view.at;
    const depth = this.operation.input.channels;
    const units = this.operation.output.channels;
    if (this.inner !== null) kernels.dense_input_gradient(dy, this.kernel.at, this.inner.at, count, depth, units);
    for (let row = 0; row < depth; row += this.blockRows) {
      const rows = Math.min(this.blockRows, depth - row);
      kernels.dense_weight_gradient(this.input.at + 4 * row, depth, dy, this.block, count, rows, units);
      machine.update(this.kernel, this.block, row * units, rows * units);
    }
    if (this.bias !== null) this.updateBias(machine, this.bias, dy, count, units);
    return this.inner === null ? NO_GRADIENT : wholeGradient(machine, this.inner);
  }

  private updateBias(machine: Machine, bias: Slot, dy: number, count: number, units: number): void {
    machine.bytes.fill(0, this.biasSums, this.biasSums + 8 * units);
    machine.kernels.channel_sums(dy, units, count, 1, units, this.biasSums);
    for (let unit = 0; unit < units; unit++) machine.floats[this.block / 4 + unit] = machine.doubles[this.biasSums / 8 + unit]!;
    machine.update(bias, this.block, 0, units);
  }
}
