import type { Operation } from '../../program.js';
import type { Window } from '../../window.js';
import { type Arena, type Border, imageAt, NO_BORDER, type View } from '../arena.js';
import type { Slot } from '../parameters.js';
import { type Convolution, type Images, imagesTogether, planConvolution, planWeightGradient, type WeightGradient } from './convolution.js';
import { type InputGradient, planInputGradient } from './input-gradient.js';
import { type Gradient, type Machine, NO_GRADIENT, type Node, type Observer, type Pass, wholeGradient } from './node.js';

export type ConvOperation = Extract<Operation, { kind: 'conv' }>;

/** The border that a convolution wants round its input: as far as its windows reach. */
export function borderOf(window: Window): Border {
  return { top: window.top, bottom: window.bottom, left: window.left, right: window.right };
}

/**
 * Backward works image by image (small images a few at a time): the gradient of the output (often made
 * on the spot by the node above), the filter gradient and the input gradient of one are done before the
 * next, in cache. For the first layer nobody needs the input gradient.
 */
export class ConvNode implements Node {
  readonly name: string;
  readonly input: View;
  readonly output: View;
  observer: Observer | null = null;
  private readonly operation: ConvOperation;
  private readonly kernel: Slot;
  private readonly bias: Slot | null;
  private readonly convolution: Convolution;
  private readonly weightGradient: WeightGradient;
  /** Null where nobody needs it. */
  private readonly back: InputGradient | null;
  private readonly biasGradient: number;
  private readonly biasSums: number;
  /** How many images are done at a time. */
  private readonly together: number;
  /** So many images of the output's gradient, inside the border that the input's gradient wants. */
  private readonly outer: View;
  private readonly inner: View | null;

  constructor(operation: ConvOperation, slots: ReadonlyMap<string, Slot>, arena: Arena, input: View, output: View, inner: View | null) {
    this.operation = operation;
    this.name = operation.name;
    this.input = input;
    this.output = output;
    this.inner = inner;
    const { window, kernel } = operation;
    this.kernel = slots.get(kernel.name)!;
    this.bias = operation.bias === null ? null : slots.get(operation.bias.name)!;
    this.convolution = planConvolution(arena, window, operation.input.channels, operation.output, false);
    this.weightGradient = planWeightGradient(arena, window, operation.input.channels, operation.output);
    this.biasGradient = arena.floats(operation.output.channels);
    this.biasSums = arena.doubles(operation.output.channels);
    this.together = imagesTogether(operation.output);
    this.back = inner === null ? null : planInputGradient(arena, window, operation.input, operation.output, this.together);
    this.outer = arena.view(operation.output, this.together, this.back?.border ?? NO_BORDER);
  }

  forward(machine: Machine, count: number, pass: Pass): void {
    this.convolution.pack(machine, this.kernel.at);
    for (let first = 0; first < count; first += this.together) {
      const images = Math.min(this.together, count - first);
      this.convolution.images(machine, images, from(this.windows(), first), this.bias?.at ?? 0, from(this.output, first));
      if (!pass.training) continue;
      for (let image = first; image < first + images; image++) this.observer?.observe(machine, image);
    }
  }

  backward(machine: Machine, count: number, _pass: Pass, above: Gradient): Gradient {
    const { height, width, channels } = this.operation.output;
    this.weightGradient.clear(machine);
    if (this.bias !== null) machine.bytes.fill(0, this.biasSums, this.biasSums + 8 * channels);
    this.back?.pack(machine, this.kernel.at);
    for (let first = 0; first < count; first += this.together) {
      const images = Math.min(this.together, count - first);
      const dy = this.outputGradient(above, first, images);
      this.weightGradient.images(machine, images, from(this.windows(), first), dy);
      for (let image = 0; this.bias !== null && image < images; image++) machine.kernels.channel_sums(imageAt(dy, image), dy.row, height, width, channels, this.biasSums);
      if (this.inner !== null) this.back?.images(machine, images, dy, from(this.inner, first));
    }
    this.update(machine);
    return this.inner === null ? NO_GRADIENT : wholeGradient(machine, this.inner);
  }

  /** The output's gradient of some images: in place where it lies whole and nothing needs its borders. */
  private outputGradient(above: Gradient, first: number, images: number): Images {
    const bordered = this.outer.row !== this.operation.output.width * this.operation.output.channels || this.outer.image !== this.operation.output.height * this.outer.row;
    if (above.view !== null && !(bordered && this.inner !== null)) return from(above.view, first);
    for (let image = 0; image < images; image++) above.write(first + image, imageAt(this.outer, image), this.outer.row);
    return this.outer;
  }

  private update(machine: Machine): void {
    const { channels } = this.operation.output;
    machine.update(this.kernel, this.weightGradient.sum(machine), 0, this.kernel.parameter.count);
    if (this.bias === null) return;
    for (let c = 0; c < channels; c++) machine.floats[this.biasGradient / 4 + c] = machine.doubles[this.biasSums / 8 + c]!;
    machine.update(this.bias, this.biasGradient, 0, channels);
  }

  /** The input as windows see it: they begin in the border. */
  private windows(): View {
    const { window, input } = this.operation;
    return { ...this.input, at: this.input.at - 4 * (window.top * this.input.row + window.left * input.channels) };
  }
}

/** The images from number `first` on. */
function from(view: View, first: number): Images {
  return { ...view, at: imageAt(view, first) };
}
