/**
 * From a program to nodes in an arena: parts.ts fuses operations, gradient-plan.ts says where
 * gradients lie, and this lays activations out. Arithmetic only; no memory is touched.
 *
 * Layout: an activation that a convolution reads lies inside that convolution's zero border, written
 * there directly by whatever makes it, so that nothing is ever copied to be padded. Borders are zero
 * because fresh memory is, and activations never share memory.
 *
 * Gradients share a few buffers, two in a chain of layers. The largest of them, those below batch
 * norm, never exist whole: the convolution below asks for them image by image. At 100 px this and the
 * fused pass bring garth-cnn from 358 MB (prototype, with its library) to about a fifth.
 */
import type { Training } from '../engine.js';
import type { Shape } from '../parameter.js';
import { IMAGE, type Program } from '../program.js';
import { type Arena, type Border, NO_BORDER, type View, viewAt } from './arena.js';
import { type GradientPlan, LOGITS_BUFFER, planGradients } from './gradient-plan.js';
import { ActivateNode } from './nodes/activate.js';
import { borderOf, ConvNode } from './nodes/conv.js';
import { CurveNode } from './nodes/curve.js';
import { DenseNode } from './nodes/dense.js';
import { DepthwiseNode } from './nodes/depthwise.js';
import { FlattenNode } from './nodes/flatten.js';
import { AddNode, ConcatNode } from './nodes/merge.js';
import { elements, type Node } from './nodes/node.js';
import { PadNode } from './nodes/pad.js';
import { PoolNode } from './nodes/pool.js';
import { TwoLogitsNode } from './nodes/two-logits.js';
import { planSlots, type Slot } from './parameters.js';
import { isInPlace, type Part, partsOf, readersOf } from './parts.js';

/** How a node's result reaches the gradient of one of its inputs (gradient-plan.ts), with where things lie. */
export interface Delivery {
  readonly to: number;
  readonly slice: { readonly view: View; readonly channel: number } | null;
  readonly join: 'before' | 'own' | View | null;
}

export interface Stage {
  readonly node: Node;
  readonly deliveries: readonly Delivery[];
}

export interface Plan {
  /** Images that there is room for: a step's parts, and calls of inference, are of at most so many. */
  readonly images: number;
  /** In an order in which every value is there before it is taken; the last gives the logits. */
  readonly stages: readonly Stage[];
  readonly slots: ReadonlyMap<string, Slot>;
  readonly input: View;
  /** [images, classes] each; labels int32 [images]; class weights float32 [classes]. */
  readonly logits: View;
  readonly logitsGradient: View;
  readonly labels: number;
  readonly classWeights: number;
  readonly correct: number;
  /** uint8 [images, height, width, channels]; float32 of features. */
  readonly pixels: number;
  /** float32 [height, width, channels] each. */
  readonly mean: number;
  readonly deviation: number;
  /** Of augmentation: float64 [6], and float32 [height, width, channels]; null where none is asked for. */
  readonly augmentation: { readonly matrix: number; readonly image: number } | null;
  /** Where each parameter's whole gradient is kept until all are known; empty where none is clipped or summed. */
  readonly gradients: ReadonlyMap<string, number>;
  readonly bytes: number;
}

export function planProgram(program: Program, training: Training, arena: Arena): Plan {
  const { optimizer, maxBatch, accumulate, clips, augments } = training;
  const slots = planSlots(program, optimizer, arena);
  const images = Math.ceil(maxBatch / accumulate);
  const parts = partsOf(program.operations);
  const input = arena.view(program.input, images, borderWanted(parts, IMAGE));
  const pixels = training.features === true ? arena.floats(images * elements(program.input)) : arena.take(images * elements(program.input));
  const mean = arena.floats(elements(program.input));
  const deviation = arena.floats(elements(program.input));
  const layout = new Layout(parts, slots, images, arena, input);
  const stages = layout.stages();
  const logits: View = stages.at(-1)?.node.output ?? input;
  const whole = clips || accumulate > 1;
  return {
    images, stages, slots, input, logits, pixels, mean, deviation,
    logitsGradient: layout.gradient(LOGITS_BUFFER, { height: 1, width: 1, channels: program.classes }),
    labels: arena.floats(images),
    classWeights: arena.floats(program.classes),
    correct: arena.floats(1),
    augmentation: augments ? { matrix: arena.doubles(6), image: arena.floats(elements(program.input)) } : null,
    gradients: new Map(whole ? program.parameters.filter(({ frozen }) => !frozen).map((parameter) => [parameter.name, arena.floats(parameter.count)]) : []),
    bytes: arena.bytes,
  };
}

/** The border that the readers of a part's value want round it; of the image for IMAGE. */
function borderWanted(parts: readonly Part[], index: number): Border {
  let { top, bottom, left, right } = NO_BORDER;
  for (const reader of readersOf(parts, index)) {
    const part = parts[reader]!;
    const wanted = part.kind === 'conv' || part.kind === 'depthwise' ? borderOf(part.operation.window) : isInPlace(parts, reader) ? borderWanted(parts, reader) : NO_BORDER;
    top = Math.max(top, wanted.top);
    bottom = Math.max(bottom, wanted.bottom);
    left = Math.max(left, wanted.left);
    right = Math.max(right, wanted.right);
  }
  return { top, bottom, left, right };
}

/** Lays out what parts take and give, and makes their nodes. */
class Layout {
  private readonly parts: readonly Part[];
  private readonly slots: ReadonlyMap<string, Slot>;
  private readonly images: number;
  private readonly arena: Arena;
  private readonly input: View;
  private readonly gradients: GradientPlan;
  private readonly buffers: readonly number[];
  private readonly outputs: View[] = [];

  constructor(parts: readonly Part[], slots: ReadonlyMap<string, Slot>, images: number, arena: Arena, input: View) {
    this.parts = parts;
    this.slots = slots;
    this.images = images;
    this.arena = arena;
    this.input = input;
    this.gradients = planGradients(parts);
    this.buffers = this.gradients.buffers.map((size) => arena.floats(images * size));
  }

  stages(): Stage[] {
    const nodes: Node[] = [];
    this.parts.forEach((part, index) => {
      const node = this.node(part, index);
      const below = nodes[part.inputs[0] ?? IMAGE];
      if (node instanceof ActivateNode && node.norm?.operation.frozen === false && (below instanceof ConvNode || below instanceof DepthwiseNode) && readersOf(this.parts, part.inputs[0]!).length === 1) {
        below.observer = node;
        node.observed = true;
      }
      nodes.push(node);
      this.outputs.push(node.output);
    });
    return nodes.map((node, index) => ({ node, deliveries: this.deliveriesOf(index) }));
  }

  /** `shape` in a buffer of gradients. */
  gradient(buffer: number, shape: Shape): View {
    return viewAt(this.buffers[buffer]!, shape, NO_BORDER);
  }

  private node(part: Part, index: number): Node {
    const { arena, slots, images } = this;
    const inputs = part.inputs.map((from) => (from === IMAGE ? this.input : this.outputs[from]!));
    const input = inputs[0]!;
    const { wanted, inner: buffer } = this.gradients.steps[index]!;
    const inner = buffer === null ? null : this.gradient(buffer, part.kind === 'activate' ? part.activation.input : part.input);
    switch (part.kind) {
      case 'flatten':
        return new FlattenNode(input, part.output);
      case 'activate': {
        const inPlace = isInPlace(this.parts, index);
        return new ActivateNode(part.activation, slots, arena, images, input, inPlace ? input : this.output(part, index), inner, wanted);
      }
      case 'conv':
        return new ConvNode(part.operation, slots, arena, input, this.output(part, index), inner);
      case 'depthwise':
        return new DepthwiseNode(part.operation, slots, arena, input, this.output(part, index), inner);
      case 'dense':
        return new DenseNode(part.operation, slots, arena, input, this.output(part, index), inner);
      case 'pool':
        return new PoolNode(part.operation, input, this.output(part, index), inner);
      case 'curve':
        return new CurveNode(part.operation, input, this.output(part, index), inner, wanted);
      case 'add':
        return new AddNode(part.name, inputs, part.relu, this.output(part, index), inner);
      case 'concat':
        return new ConcatNode(part.name, inputs, this.output(part, index));
      case 'twoLogits':
        return new TwoLogitsNode(part.name, input, this.output(part, index), inner);
      case 'pad':
        return new PadNode(part.name, part.zeros, input, this.output(part, index));
    }
  }

  private output(part: Part, index: number): View {
    return this.arena.view(part.output, this.images, borderWanted(this.parts, index));
  }

  private deliveriesOf(index: number): Delivery[] {
    return this.gradients.steps[index]!.deliveries.map(({ to, slice, join }) => ({
      to,
      slice: slice === null ? null : { view: this.gradient(slice.buffer, slice.shape), channel: slice.channel },
      join: join === null || typeof join === 'string' ? join : this.gradient(join.buffer, join.shape),
    }));
  }
}
