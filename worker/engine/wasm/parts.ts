/**
 * From operations to parts: what one node does. Batch norm, ReLU, dropout and 2 x 2 max-pool become
 * one part where they follow each other so and nobody else takes what is between them; so do an
 * addition and its ReLU, and zeros and the convolution over them.
 */
import type { Shape } from '../parameter.js';
import { IMAGE, type Operation, readersOf as operationReaders } from '../program.js';
import type { Window, Zeros } from '../window.js';
import { type Activation, readsOutput, worksInPlace } from './nodes/activate.js';
import type { ConvOperation } from './nodes/conv.js';
import type { CurveOperation } from './nodes/curve.js';
import type { DepthwiseOperation } from './nodes/depthwise.js';
import type { DenseOperation } from './nodes/dense.js';
import type { PoolOperation } from './nodes/pool.js';

interface Linked {
  readonly name: string;
  /** Parts whose values it takes, or IMAGE. */
  readonly inputs: readonly number[];
  /** Of the first input. */
  readonly input: Shape;
  readonly output: Shape;
}

export type Part =
  | (Linked & { readonly kind: 'conv'; readonly operation: ConvOperation })
  | (Linked & { readonly kind: 'depthwise'; readonly operation: DepthwiseOperation })
  | (Linked & { readonly kind: 'dense'; readonly operation: DenseOperation })
  | (Linked & { readonly kind: 'pool'; readonly operation: PoolOperation })
  | (Linked & { readonly kind: 'curve'; readonly operation: CurveOperation })
  | (Linked & { readonly kind: 'activate'; readonly activation: Activation })
  | (Linked & { readonly kind: 'add'; readonly relu: boolean })
  | (Linked & { readonly kind: 'pad'; readonly zeros: Zeros })
  | (Linked & { readonly kind: 'flatten' | 'concat' | 'twoLogits' });

const NO_ZEROS: Zeros = { top: 0, bottom: 0, left: 0, right: 0 };

export function partsOf(operations: readonly Operation[]): Part[] {
  return new Fusion(operations).parts();
}

/** The parts that take the value of part `index`, or the image; one that takes it twice counts twice. */
export function readersOf(parts: readonly Part[], index: number): number[] {
  return parts.flatMap(({ inputs }, reader) => inputs.filter((input) => input === index).map(() => reader));
}

/** Whether a part may overwrite its input: it needs nothing else of it, nor does the part that made it, and nobody else takes it. */
export function isInPlace(parts: readonly Part[], index: number): boolean {
  const part = parts[index]!;
  if (part.kind !== 'activate' || !worksInPlace(part.activation)) return false;
  let [from = IMAGE] = part.inputs;
  while (readersOf(parts, from).length === 1) {
    const below = parts[from];
    if (below?.kind !== 'flatten') return below?.kind !== 'activate' || !readsOutput(below.activation);
    from = below.inputs[0] ?? IMAGE;
  }
  return false;
}

class Fusion {
  private readonly operations: readonly Operation[];
  private readonly readers: readonly (readonly number[])[];
  private readonly made: Part[] = [];
  /** The part that makes each operation's value. */
  private readonly partOf = new Map<number, number>();
  private readonly consumed = new Set<number>();

  constructor(operations: readonly Operation[]) {
    this.operations = operations;
    this.readers = operationReaders(operations);
  }

  parts(): Part[] {
    this.operations.forEach((operation, index) => {
      if (!this.consumed.has(index)) this.add(operation, index);
    });
    return this.made;
  }

  private add(operation: Operation, index: number): void {
    const inputs = operation.inputs.map((input) => this.partOf.get(input) ?? IMAGE);
    const { name, input, output } = operation;
    const link = { name, inputs, input, output };
    switch (operation.kind) {
      case 'conv':
        this.put({ kind: 'conv', ...link, operation }, index);
        break;
      case 'depthwiseConv':
        this.put({ kind: 'depthwise', ...link, operation }, index);
        break;
      case 'dense':
        this.put({ kind: 'dense', ...link, inputs: this.contiguous(operation, link), operation }, index);
        break;
      case 'flatten':
        this.put({ kind: 'flatten', ...link, inputs: this.contiguous(operation, link) }, index);
        break;
      case 'maxPool':
      case 'averagePool':
        this.put({ kind: 'pool', ...link, operation }, index);
        break;
      case 'elu':
      case 'tanh':
      case 'sigmoid':
        this.put({ kind: 'curve', ...link, operation }, index);
        break;
      case 'concat':
      case 'twoLogits':
        this.put({ kind: operation.kind, ...link }, index);
        break;
      case 'add': {
        const relu = this.following(index, isPlainRelu);
        this.put({ kind: 'add', ...link, relu: relu !== null }, relu ?? index);
        break;
      }
      case 'zeroPad':
        this.addZeros(operation, index, link);
        break;
      default:
        this.addActivation(operation, index, link);
    }
  }

  private addZeros(operation: Extract<Operation, { kind: 'zeroPad' }>, index: number, link: Linked): void {
    const over = this.following(index, (next) => isConvolution(next) && reaches(widened(next.window, operation.zeros)));
    const conv = over === null ? undefined : this.operations[over];
    if (over === null || conv === undefined || !isConvolution(conv)) {
      this.put({ kind: 'pad', ...link, zeros: operation.zeros }, index);
      return;
    }
    const wider = { input: operation.input, window: widened(conv.window, operation.zeros) };
    if (conv.kind === 'conv') this.put({ kind: 'conv', ...link, output: conv.output, operation: { ...conv, ...wider } }, over);
    else this.put({ kind: 'depthwise', ...link, output: conv.output, operation: { ...conv, ...wider } }, over);
  }

  private addActivation(operation: Operation, index: number, link: Linked): void {
    const norm = operation.kind === 'batchNorm' ? operation : null;
    let [last, begun] = [index, norm !== null];
    const take = (fits: (next: Operation) => boolean): boolean => {
      const next = begun ? this.following(last, fits) : fits(operation) ? index : null;
      if (next === null) return false;
      [last, begun] = [next, true];
      return true;
    };
    const found = take((next) => next.kind === 'relu') ? this.operations[last] : undefined;
    const relu = found?.kind === 'relu' ? (found.cap ?? Infinity) : null;
    const dropped = (relu === null || relu === Infinity) && take((next) => next.kind === 'dropout') ? this.operations[last] : undefined;
    const pool = relu === Infinity && take(isPlainPool);
    const output = this.operations[last]!.output;
    const activation = { name: link.name, norm, relu, dropout: dropped?.layer ?? null, pool, input: link.input, output };
    this.put({ kind: 'activate', ...link, output, activation }, last);
  }

  /** The one operation that takes the value of `index`, if it is the only one and fits; it is then part of this part. */
  private following(index: number, fits: (next: Operation) => boolean): number | null {
    const [reader, ...others] = this.readers[index] ?? [];
    const next = reader === undefined ? undefined : this.operations[reader];
    if (reader === undefined || next === undefined || others.length > 0 || next.inputs.length > 1 || !fits(next)) return null;
    this.consumed.add(reader);
    return reader;
  }

  /** Flatten and Dense take rows without borders: a copy, where a convolution takes the same value. */
  private contiguous(operation: Operation, link: Linked): readonly number[] {
    const [from = IMAGE] = operation.inputs;
    const shared = this.operations.some((other) => (isConvolution(other) || other.kind === 'zeroPad') && other.inputs.includes(from));
    if (!shared) return link.inputs;
    this.made.push({ kind: 'pad', ...link, output: link.input, zeros: NO_ZEROS });
    return [this.made.length - 1];
  }

  private put(part: Part, last: number): void {
    this.made.push(part);
    this.partOf.set(last, this.made.length - 1);
  }
}

function isConvolution(operation: Operation): operation is ConvOperation | DepthwiseOperation {
  return operation.kind === 'conv' || operation.kind === 'depthwiseConv';
}

function widened(window: Window, { top, bottom, left, right }: Zeros): Window {
  return { ...window, top: window.top + top, bottom: window.bottom + bottom, left: window.left + left, right: window.right + right };
}

/** Whether every position of the window covers some of the image. */
function reaches({ rows, columns, top, bottom, left, right }: Window): boolean {
  return Math.max(top, bottom) < rows && Math.max(left, right) < columns;
}

function isPlainRelu(operation: Operation): boolean {
  return operation.kind === 'relu' && operation.cap === null;
}

function isPlainPool(operation: Operation): boolean {
  if (operation.kind !== 'maxPool') return false;
  const { rows, columns, strideRows, strideColumns, top, bottom, left, right } = operation.window;
  return rows === 2 && columns === 2 && strideRows === 2 && strideColumns === 2 && top + bottom + left + right === 0;
}
