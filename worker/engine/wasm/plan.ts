/**
 * From a program to nodes in an arena: fuses adjacent layers, lays activations out, and decides which
 * gradients lie whole. Arithmetic only; no memory is touched.
 *
 * Layout: an activation that a convolution reads lies inside that convolution's zero border, written
 * there directly by whatever makes it, so that nothing is ever copied to be padded. Borders are zero
 * because fresh memory is, and activations never share memory.
 *
 * Gradients: two buffers take turns, since each lives only until the node below has used it. The
 * largest of them, those below batch norm, never exist whole: the convolution below asks for them
 * image by image. At 100 px this and the fused pass bring garth-cnn from 358 MB (prototype, with
 * its library) to about a fifth.
 */
import type { Training } from '../engine.js';
import type { Shape } from '../parameter.js';
import type { Operation, Program } from '../program.js';
import { type Arena, type Border, NO_BORDER, type View, viewAt } from './arena.js';
import { type Activation, ActivateNode, worksInPlace } from './nodes/activate.js';
import { borderOf, ConvNode, type ConvOperation } from './nodes/conv.js';
import { CurveNode, type CurveOperation } from './nodes/curve.js';
import { DenseNode, type DenseOperation } from './nodes/dense.js';
import { FlattenNode } from './nodes/flatten.js';
import { elements, type Node } from './nodes/node.js';
import { PoolNode, type PoolOperation } from './nodes/pool.js';
import { planSlots, type Slot } from './parameters.js';

export interface Plan {
  readonly nodes: readonly Node[];
  readonly slots: ReadonlyMap<string, Slot>;
  readonly input: View;
  /** [maxBatch, classes] each; labels int32 [maxBatch]; class weights float32 [classes]. */
  readonly logits: View;
  readonly logitsGradient: View;
  readonly labels: number;
  readonly classWeights: number;
  readonly correct: number;
  /** uint8 [maxBatch, height, width, channels]. */
  readonly pixels: number;
  /** float32 [height, width, channels] each. */
  readonly mean: number;
  readonly deviation: number;
  /** Of augmentation: float64 [6], and float32 [height, width, channels]; null where none is asked for. */
  readonly augmentation: { readonly matrix: number; readonly image: number } | null;
  /** Where each parameter's whole gradient is kept until all are known; empty where none is clipped. */
  readonly gradients: ReadonlyMap<string, number>;
  readonly bytes: number;
}

type Part =
  | { readonly kind: 'conv'; readonly operation: ConvOperation }
  | { readonly kind: 'dense'; readonly operation: DenseOperation }
  | { readonly kind: 'pool'; readonly operation: PoolOperation }
  | { readonly kind: 'curve'; readonly operation: CurveOperation }
  | { readonly kind: 'activate'; readonly activation: Activation }
  | { readonly kind: 'flatten'; readonly output: Shape };

export function planProgram(program: Program, training: Training, arena: Arena): Plan {
  const { optimizer, maxBatch, clips, augments } = training;
  const slots = planSlots(program, optimizer, arena);
  const parts = fuse(program.operations);
  const input = arena.view(program.input, maxBatch, borderWanted(parts, 0));
  const pixels = arena.take(maxBatch * elements(program.input));
  const mean = arena.floats(elements(program.input));
  const deviation = arena.floats(elements(program.input));
  const layout = new Layout(parts, slots, maxBatch, arena, input);
  const nodes = layout.nodes();
  const logits: View = nodes.at(-1)?.output ?? input;
  return {
    nodes, slots, input, logits, pixels, mean, deviation,
    logitsGradient: arena.view({ height: 1, width: 1, channels: program.classes }, maxBatch, NO_BORDER),
    labels: arena.floats(maxBatch),
    classWeights: arena.floats(program.classes),
    correct: arena.floats(1),
    augmentation: augments ? { matrix: arena.doubles(6), image: arena.floats(elements(program.input)) } : null,
    gradients: new Map(clips ? program.parameters.map((parameter) => [parameter.name, arena.floats(parameter.count)]) : []),
    bytes: arena.bytes,
  };
}

/** Batch norm, ReLU, dropout and 2 x 2 max-pool become one part where they follow each other so. */
export function fuse(operations: readonly Operation[]): Part[] {
  const parts: Part[] = [];
  let next = 0;
  const peek = (): Operation | undefined => operations[next];
  while (next < operations.length) {
    const operation = operations[next]!;
    if (operation.kind === 'conv') parts.push({ kind: 'conv', operation });
    else if (operation.kind === 'dense') parts.push({ kind: 'dense', operation });
    else if (operation.kind === 'flatten') parts.push({ kind: 'flatten', output: operation.output });
    else if (operation.kind === 'maxPool' || operation.kind === 'averagePool') parts.push({ kind: 'pool', operation });
    else if (operation.kind === 'elu' || operation.kind === 'tanh' || operation.kind === 'sigmoid') parts.push({ kind: 'curve', operation });
    else {
      const norm = operation.kind === 'batchNorm' ? operation : null;
      if (norm !== null) next++;
      const relu = peek()?.kind === 'relu';
      if (relu) next++;
      const dropped = peek();
      const dropout = dropped?.kind === 'dropout' ? dropped.layer : null;
      if (dropout !== null) next++;
      const pooled = peek();
      const pool = relu && pooled !== undefined && isPlainPool(pooled);
      if (pool) next++;
      const output = operations[next - 1]?.output ?? operation.output;
      parts.push({ kind: 'activate', activation: { name: operation.name, norm, relu, dropout, pool, input: operation.input, output } });
      continue;
    }
    next++;
  }
  return parts;
}

function isPlainPool(operation: Operation): boolean {
  if (operation.kind !== 'maxPool') return false;
  const { rows, columns, strideRows, strideColumns, top, bottom, left, right } = operation.window;
  return rows === 2 && columns === 2 && strideRows === 2 && strideColumns === 2 && top + bottom + left + right === 0;
}

/** The border that the reader of the value before part `index` wants round it. */
function borderWanted(parts: readonly Part[], index: number): Border {
  for (const part of parts.slice(index)) {
    if (part.kind === 'conv') return borderOf(part.operation.window);
    if (part.kind === 'activate' && worksInPlace(part.activation)) continue;
    break;
  }
  return NO_BORDER;
}

class Layout {
  private readonly parts: readonly Part[];
  private readonly slots: ReadonlyMap<string, Slot>;
  private readonly images: number;
  private readonly arena: Arena;
  private current: View;
  private readonly gradientBuffers: readonly [number, number];

  constructor(parts: readonly Part[], slots: ReadonlyMap<string, Slot>, images: number, arena: Arena, input: View) {
    this.parts = parts;
    this.slots = slots;
    this.images = images;
    this.arena = arena;
    this.current = input;
    const sizes: [number, number] = [0, 0];
    this.eachInner((index, shape) => {
      const turn = this.turnOf(index);
      sizes[turn] = Math.max(sizes[turn], images * elements(shape));
    });
    this.gradientBuffers = [arena.floats(sizes[0]), arena.floats(sizes[1])];
  }

  nodes(): Node[] {
    const nodes: Node[] = [];
    this.parts.forEach((part, index) => {
      const first = this.isFirst(index);
      const node = this.node(part, index, first);
      const below = nodes.at(-1);
      if (node instanceof ActivateNode && node.norm !== null && below instanceof ConvNode) {
        below.observer = node;
        node.observed = true;
      }
      nodes.push(node);
      this.current = node.output;
    });
    return nodes;
  }

  private node(part: Part, index: number, first: boolean): Node {
    const { arena, slots, images, current } = this;
    if (part.kind === 'flatten') return new FlattenNode(current, part.output);
    const inner = this.innerOf(index);
    if (part.kind === 'activate') {
      const { activation } = part;
      const output = worksInPlace(activation) ? current : this.output(activation.output, index);
      return new ActivateNode(activation, slots, arena, images, current, output, inner, first);
    }
    const output = this.output(part.operation.output, index);
    if (part.kind === 'conv') return new ConvNode(part.operation, slots, arena, current, output, inner);
    if (part.kind === 'dense') return new DenseNode(part.operation, slots, arena, current, output, inner);
    if (part.kind === 'curve') return new CurveNode(part.operation, current, output, first);
    return new PoolNode(part.operation, current, output, inner);
  }

  private output(shape: Shape, index: number): View {
    return this.arena.view(shape, this.images, borderWanted(this.parts, index + 1));
  }

  /** Where part `index` lays its input's gradient; null where nobody needs it or it is made on demand. */
  private innerOf(index: number): View | null {
    const shape = this.innerShape(index);
    if (shape === null) return null;
    return viewAt(this.gradientBuffers[this.turnOf(index)], shape, NO_BORDER);
  }

  private innerShape(index: number): Shape | null {
    const part = this.parts[index];
    if (part === undefined || part.kind === 'flatten' || this.isFirst(index)) return null;
    // A curve turns the gradient of its output into that of its input where it lies.
    if (part.kind === 'curve') return null;
    if (part.kind !== 'activate') return part.operation.input;
    if (worksInPlace(part.activation) || this.parts[index - 1]?.kind === 'conv') return null;
    return part.activation.input;
  }

  private isFirst(index: number): boolean {
    return this.parts.slice(0, index).every((part) => part.kind === 'flatten');
  }

  /** The two buffers take turns over the parts that use one. */
  private turnOf(index: number): 0 | 1 {
    let users = 0;
    for (let i = 0; i < index; i++) if (this.innerShape(i) !== null) users++;
    return users % 2 === 0 ? 0 : 1;
  }

  private eachInner(visit: (index: number, shape: Shape) => void): void {
    this.parts.forEach((_part, index) => {
      const shape = this.innerShape(index);
      if (shape !== null) visit(index, shape);
    });
  }
}
