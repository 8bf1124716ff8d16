/** A program as nodes: its forward pass, and on the way back the gradient of every parameter. */
import type { Shape } from '../parameter.js';
import { IMAGE, type Operation, parametersOf, type Program } from '../program.js';
import type { Ref } from './graph-builder.js';
import { lowerCurve, lowerDropout, lowerRelu } from './operations/activate.js';
import { lowerConv, lowerDense, lowerDepthwise, lowerFlatten } from './operations/conv.js';
import { asFlat, type Lowered, type Moments, type ParameterGradient, type Pass, type Value } from './operations/lowering.js';
import { lowerAdd, lowerConcat, lowerZeroPad } from './operations/merge.js';
import { lowerNorm } from './operations/norm.js';
import { lowerAveragePool, lowerMaxPool } from './operations/pool.js';
import { lowerTwoLogits } from './operations/two-logits.js';

export class Network {
  private readonly program: Program;
  private readonly pass: Pass;
  private readonly image: Value;
  private readonly lowered: Lowered[] = [];

  /** `image`: float32 [batch, height, width, channels], normalised. */
  constructor(program: Program, pass: Pass, image: Ref) {
    this.program = program;
    this.pass = pass;
    this.image = { ref: image, flat: false };
    for (const operation of program.operations) this.lowered.push(this.lower(operation));
  }

  /** [batch, classes]. */
  get logits(): Ref {
    const { graph } = this.pass;
    return asFlat(graph, this.valueOf(this.program.operations.length - 1), { height: 1, width: 1, channels: this.program.classes });
  }

  /** Of the inputs of all batch norms; in a training's pass only. */
  get moments(): Moments[] {
    return this.lowered.flatMap(({ moments }) => (moments === undefined ? [] : [moments]));
  }

  private inputOf(operation: Operation): Value {
    return this.valueOf(operation.inputs[0] ?? IMAGE);
  }

  /** From the gradient of the logits [batch, classes]; one entry for each parameter. */
  backward(logitsGradient: Ref): ParameterGradient[] {
    const { graph } = this.pass;
    const { operations } = this.program;
    const learns = this.learning();
    const found: ParameterGradient[] = [];
    const gradients: Ref[][] = operations.map(() => []);
    const last = operations.length - 1;
    const flat = this.valueOf(last).flat;
    gradients[last]?.push(flat ? logitsGradient : graph.reshape(logitsGradient, [-1, 1, 1, this.program.classes]));
    for (let index = last; index >= 0; index--) {
      const parts = gradients[index] ?? [];
      const operation = operations[index];
      const lowered = this.lowered[index];
      if (operation === undefined || lowered === undefined || parts.length === 0) continue;
      const wanted = operation.inputs.map((input) => learns[input] === true);
      if (!wanted.includes(true) && !isTrained(operation)) continue;
      const { inputs, parameters } = lowered.backward(graph.total(parts), wanted);
      found.push(...parameters);
      operation.inputs.forEach((input, position) => {
        const gradient = inputs[position];
        if (wanted[position] === true && gradient !== undefined && gradient !== null) gradients[input]?.push(gradient);
      });
    }
    return found;
  }

  /** For each operation whether it or one that it takes is trained. */
  private learning(): boolean[] {
    const learns: boolean[] = [];
    for (const operation of this.program.operations) learns.push(isTrained(operation) || operation.inputs.some((input) => learns[input] === true));
    return learns;
  }

  private valueOf(index: number): Value {
    if (index === IMAGE) return this.image;
    const lowered = this.lowered[index];
    if (lowered === undefined) throw new RangeError(`operation ${String(index)} is taken before it is there`);
    return lowered.output;
  }

  private shapeOf(index: number): Shape {
    return this.program.operations[index]?.output ?? this.program.input;
  }

  private lower(operation: Operation): Lowered {
    const { pass } = this;
    const input = this.inputOf(operation);
    switch (operation.kind) {
      case 'conv':
        return lowerConv(operation, pass, input);
      case 'depthwiseConv':
        return lowerDepthwise(operation, pass, input);
      case 'dense':
        return lowerDense(operation, pass, input);
      case 'batchNorm':
        return lowerNorm(operation, pass, input);
      case 'relu':
        return lowerRelu(operation, pass, input);
      case 'elu':
      case 'tanh':
      case 'sigmoid':
        return lowerCurve(operation.kind, pass, input);
      case 'dropout':
        return lowerDropout(operation, pass, input);
      case 'flatten':
        return lowerFlatten(operation, pass, input);
      case 'maxPool':
        return lowerMaxPool(operation, pass, input);
      case 'averagePool':
        return lowerAveragePool(operation, pass, input);
      case 'add':
        return lowerAdd(operation, pass, operation.inputs.map((index) => this.valueOf(index)));
      case 'concat':
        return lowerConcat(pass, operation.inputs.map((index) => this.valueOf(index)), operation.inputs.map((index) => this.shapeOf(index)));
      case 'twoLogits':
        return lowerTwoLogits(operation, pass, input);
      case 'zeroPad':
        return lowerZeroPad(operation, pass, input);
    }
  }
}

/** Whether training changes any of its parameters. */
function isTrained(operation: Operation): boolean {
  return parametersOf(operation).some(({ frozen }) => !frozen);
}
