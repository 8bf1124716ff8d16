import { attribute, TYPE } from './graph-def.js';
import { type GraphBuilder, output, type Ref } from './graph-builder.js';

export interface LossInputs {
  /** int32 [batch]. */
  readonly labels: Ref;
  /** float32 [classes]. */
  readonly classWeights: Ref;
  /** What an image's loss counts: 1 / (images of the whole step). */
  readonly share: Ref;
  /** Targets of the label's class and of every other. */
  readonly own: Ref;
  readonly other: Ref;
  /** Of mixed images: the labels of those mixed in, int32 [batch], and the own share of each, float32 [batch]; null where none is. */
  readonly mixed: { readonly labels: Ref; readonly share: Ref } | null;
}

export interface Loss {
  /** The step's weighted sum of softmax cross-entropies, times `share`. */
  readonly value: Ref;
  /** How many images have their largest logit at their label; float32. */
  readonly correct: Ref;
  /** [batch, classes] */
  readonly gradient: Ref;
}

/** Of one label for each image: its cross-entropies and their gradients, and what each counts, float32 [batch]. */
interface Part {
  readonly node: Ref;
  readonly weights: Ref;
}

/** On logits [batch, classes]: of clipped probabilities a saturated softmax would have no gradient. */
export function softmaxCrossEntropy(graph: GraphBuilder, logits: Ref, classes: number, inputs: LossInputs): Loss {
  const { labels, mixed } = inputs;
  const own = towards(graph, logits, classes, inputs, labels, mixed?.share ?? null);
  const largest = graph.node('ArgMax', [logits, graph.scalar(1, TYPE.int32)], {
    T: attribute.type(TYPE.float), Tidx: attribute.type(TYPE.int32), output_type: attribute.type(TYPE.int32),
  });
  const right = graph.cast(graph.op('Equal', [largest, labels], {}, TYPE.int32), TYPE.bool, TYPE.float);
  const value = ({ node, weights }: Part): Ref => graph.reduce('Sum', graph.multiply(node, weights), [0]);
  const gradient = ({ node, weights }: Part): Ref => graph.multiply(output(node, 1), graph.reshape(weights, [-1, 1]));
  const loss: Loss = { value: value(own), correct: graph.reduce('Sum', right, [0]), gradient: gradient(own) };
  if (mixed === null) return loss;
  const rest = towards(graph, logits, classes, inputs, mixed.labels, graph.subtract(graph.scalar(1), mixed.share));
  return { ...loss, value: graph.add(loss.value, value(rest)), gradient: graph.add(loss.gradient, gradient(rest)) };
}

/** `part`: how much of each image's loss is towards these labels; null for all of it. */
function towards(graph: GraphBuilder, logits: Ref, classes: number, { classWeights, share, own, other }: LossInputs, labels: Ref, part: Ref | null): Part {
  const targets = graph.node('OneHot', [labels, graph.scalar(classes, TYPE.int32), own, other], {
    T: attribute.type(TYPE.float), TI: attribute.type(TYPE.int32), axis: attribute.int(-1),
  });
  const node = graph.op('SoftmaxCrossEntropyWithLogits', [logits, targets]);
  const whole = graph.multiply(graph.gather(classWeights, labels), share);
  return { node, weights: part === null ? whole : graph.multiply(whole, part) };
}
