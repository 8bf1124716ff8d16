import { imageAt, type View } from '../arena.js';
import { type Gradient, type Machine, type Node, type Pass, wholeGradient } from './node.js';

/** The sum of two or more images of one shape, from the first to the last, and a ReLU of it. */
export class AddNode implements Node {
  readonly name: string;
  readonly input: View;
  readonly output: View;
  private readonly inputs: readonly View[];
  private readonly relu: boolean;
  private readonly inner: View | null;

  /** `inner`: where to lay the gradient through the ReLU; null where it may stay where it is. */
  constructor(name: string, inputs: readonly View[], relu: boolean, output: View, inner: View | null) {
    this.name = name;
    this.input = inputs[0]!;
    this.inputs = inputs;
    this.relu = relu;
    this.output = output;
    this.inner = inner;
  }

  forward(machine: Machine, count: number): void {
    const { height, width, channels } = this.output.shape;
    const [first, ...others] = this.inputs;
    for (let image = 0; image < count; image++) {
      const y = imageAt(this.output, image);
      let [before, beforeRow] = [imageAt(first!, image), first!.row];
      others.forEach((other, nth) => {
        const relu = this.relu && nth === others.length - 1;
        machine.kernels.add_images(before, beforeRow, imageAt(other, image), other.row, y, this.output.row, height, width * channels, Number(relu));
        [before, beforeRow] = [y, this.output.row];
      });
    }
  }

  /** The same for every input. */
  backward(machine: Machine, count: number, _pass: Pass, above: Gradient): Gradient {
    if (!this.relu) return above;
    const dy = above.view;
    if (dy === null) throw new Error(`${this.name}: the gradient of a sum must lie whole`);
    const into = this.inner ?? dy;
    const { height, width, channels } = this.output.shape;
    for (let image = 0; image < count; image++) {
      machine.kernels.activate_back(
        0, 0, imageAt(this.output, image), this.output.row, imageAt(dy, image), dy.row, imageAt(into, image), into.row,
        height, width, channels, 0, 0, Infinity, 0, 0, 0, 0, 1,
      );
    }
    return wholeGradient(machine, into);
  }
}

/** Channels of several images behind each other. */
export class ConcatNode implements Node {
  readonly name: string;
  readonly input: View;
  readonly output: View;
  private readonly inputs: readonly View[];

  constructor(name: string, inputs: readonly View[], output: View) {
    this.name = name;
    this.input = inputs[0]!;
    this.inputs = inputs;
    this.output = output;
  }

  forward(machine: Machine, count: number): void {
    let channel = 0;
    for (const input of this.inputs) {
      for (let image = 0; image < count; image++) copyChannels(machine, input, 0, this.output, channel, image, input.shape.channels);
      channel += input.shape.channels;
    }
  }

  /** Of all inputs together; the plan cuts each input's share out. */
  backward(_machine: Machine, _count: number, _pass: Pass, above: Gradient): Gradient {
    return above;
  }
}

/** Copies `count` channels of an image, from channel `from` on, to where channel `to` is. */
export function copyChannels(machine: Machine, source: View, from: number, target: View, to: number, image: number, count: number): void {
  const { height, width } = source.shape;
  machine.kernels.copy_channels(
    imageAt(source, image) + 4 * from, source.row, source.shape.channels, imageAt(target, image) + 4 * to, target.row, target.shape.channels,
    height, width, count,
  );
}
