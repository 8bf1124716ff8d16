/** From the gradients of a step to its updates, in Keras' order: penalty, clipping, optimizer. */
import type { OptimizerChoice } from '../../../proto/work.js';
import { isKernel, type Parameter } from '../parameter.js';
import { attribute, TYPE } from './graph-def.js';
import type { GraphBuilder, Ref, Variable } from './graph-builder.js';
import type { ParameterGradient } from './operations/lowering.js';

export interface UpdateInputs {
  /** The optimizer's rate of this step, a bias correction included; and what share of each weight is taken off before. */
  readonly rate: Ref;
  readonly decay: Ref;
  /** Of the base's parameters. */
  readonly baseRate: Ref;
  readonly baseDecay: Ref;
  readonly l2: Ref;
  readonly clipNorm: Ref;
}

export interface TrainedParameter {
  readonly parameter: Parameter;
  /** Whether it has the base's rate. */
  readonly inBase: boolean;
  readonly value: Variable;
  /** What the update needs, in the order of `momentNames`. */
  readonly state: readonly Variable[];
  readonly average: Variable | null;
  /** What the update writes and nobody reads; null where its node needs none. */
  readonly scratch: Variable | null;
}

/** l2 * sum(w^2) over all kernels. */
export function penalty(graph: GraphBuilder, parameters: readonly TrainedParameter[], l2: Ref): Ref {
  // L2Loss is sum(w^2) / 2.
  const halves = parameters.filter(({ parameter }) => isKernel(parameter)).map(({ value }) => graph.op('L2Loss', [value.value]));
  return graph.multiply(graph.total(halves), graph.multiply(l2, graph.scalar(2)));
}

/** The nodes that, once run, have updated every parameter. */
export function updates(
  graph: GraphBuilder, optimizer: OptimizerChoice, gradients: ReadonlyMap<string, ParameterGradient>, parameters: readonly TrainedParameter[],
  inputs: UpdateInputs, { l2, clip }: { readonly l2: boolean; readonly clip: boolean },
): Ref[] {
  let ready = parameters.map((trained) => {
    const found = gradients.get(trained.parameter.name);
    if (found === undefined) throw new RangeError(`${trained.parameter.name} has no gradient`);
    if (!l2 || !isKernel(trained.parameter)) return { trained, gradient: found.gradient, readers: found.readers };
    const decayed = graph.multiply(trained.value.value, graph.multiply(inputs.l2, graph.scalar(2)));
    return { trained, gradient: graph.add(found.gradient, decayed), readers: found.readers };
  });
  if (clip) {
    const factor = clipFactor(graph, ready.map(({ gradient }) => gradient), inputs.clipNorm);
    ready = ready.map((one) => ({ ...one, gradient: graph.multiply(one.gradient, factor) }));
  }
  return ready.map(({ trained, gradient, readers }) => update(graph, optimizer, trained, gradient, inputs, readers));
}

/** The nodes that, once run, have taken updated weights into their averages; `updated` are their updates, in the same order, and `kept` what an average keeps of itself. */
export function averages(graph: GraphBuilder, parameters: readonly TrainedParameter[], updated: readonly Ref[], kept: Ref): Ref[] {
  return parameters.flatMap(({ value, average }, index) => {
    if (average === null) return [];
    const weight = graph.node('ReadVariableOp', [value.handle], { dtype: attribute.type(TYPE.float) }, { after: [updated[index]!] });
    const mean = graph.add(graph.multiply(kept, average.value), graph.multiply(graph.subtract(graph.scalar(1), kept), weight));
    return [graph.assign(average, mean)];
  });
}

/** A norm that is no number is left alone: the loss says that training diverged. */
function clipFactor(graph: GraphBuilder, gradients: readonly Ref[], clipNorm: Ref): Ref {
  const squares = graph.multiply(graph.total(gradients.map((gradient) => graph.op('L2Loss', [gradient]))), graph.scalar(2));
  const norm = graph.op('Sqrt', [squares]);
  return graph.op('SelectV2', [graph.op('Greater', [norm, clipNorm]), graph.divide(clipNorm, norm), graph.scalar(1)]);
}

function update(
  graph: GraphBuilder, optimizer: OptimizerChoice, { value, state, scratch, inBase }: TrainedParameter, gradient: Ref, inputsOf: UpdateInputs, readers: readonly Ref[],
): Ref {
  const [rate, decay] = inBase ? [inputsOf.baseRate, inputsOf.baseDecay] : [inputsOf.rate, inputsOf.decay];
  const flags = { T: attribute.type(TYPE.float), use_locking: attribute.flag(false) };
  const handles = state.map(({ handle }) => handle);
  const [first = ''] = handles;
  // A weight whose readers have all run is updated where it lies; otherwise TensorFlow copies it first.
  const apply = (operation: string, inputs: readonly Ref[], more = {}, after = readers): Ref => graph.node(operation, inputs, { ...flags, ...more }, { after });
  switch (optimizer.name) {
    case 'sgd':
      return apply('ResourceApplyGradientDescent', [value.handle, rate, gradient]);
    case 'sgdm':
    case 'nesterov':
      return apply('ResourceApplyMomentum', [value.handle, first, rate, gradient, graph.scalar(optimizer.momentum)], {
        use_nesterov: attribute.flag(optimizer.name === 'nesterov'),
      });
    case 'rmsprop': {
      if (scratch === null) throw new RangeError('RMSProp needs a scratch variable');
      const inputs = [value.handle, first, scratch.handle, rate, graph.scalar(optimizer.rho), graph.scalar(0), graph.scalar(optimizer.epsilon), gradient];
      return apply('ResourceApplyRMSProp', inputs);
    }
    case 'adam':
    case 'adamw': {
      // The bias correction is in the rate already: powers of 0 leave it alone.
      const none = graph.scalar(0);
      const inputs = [value.handle, ...handles, none, none, rate, graph.scalar(optimizer.beta1), graph.scalar(optimizer.beta2), graph.scalar(optimizer.epsilon), gradient];
      const decayed = optimizer.name === 'adam' ? [] : [apply('ResourceApplyGradientDescent', [value.handle, decay, value.value], {}, [...readers, gradient])];
      return apply('ResourceApplyAdam', inputs, { use_nesterov: attribute.flag(false) }, [...readers, ...decayed]);
    }
  }
}
