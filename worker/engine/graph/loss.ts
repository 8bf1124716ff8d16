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
}

export interface Loss {
  /** The step's weighted sum of softmax cross-entropies, times `share`. */
  readonly value: Ref;
  /** How many images have their largest logit at their label; float32. */
  readonly correct: Ref;
  /** [batch, classes] */
  readonly gradient: Ref;
}

/** On logits [batch, classes]: of clipped probabilities a saturated softmax would have no gradient. */
export function softmaxCrossEntropy(graph: GraphBuilder, logits: Ref, classes: number, { labels, classWeights, share, own, other }: LossInputs): Loss {
  const targets = graph.node('OneHot', [labels, graph.scalar(classes, TYPE.int32), own, other], {
    T: attribute.type(TYPE.float), TI: attribute.type(TYPE.int32), axis: attribute.int(-1),
  });
  const node = graph.op('SoftmaxCrossEntropyWithLogits', [logits, targets]);
  const weights = graph.multiply(graph.gather(classWeights, labels), share);
  const largest = graph.node('ArgMax', [logits, graph.scalar(1, TYPE.int32)], {
    T: attribute.type(TYPE.float), Tidx: attribute.type(TYPE.int32), output_type: attribute.type(TYPE.int32),
  });
  const right = graph.cast(graph.op('Equal', [largest, labels], {}, TYPE.int32), TYPE.bool, TYPE.float);
  return {
    value: graph.reduce('Sum', graph.multiply(node, weights), [0]),
    correct: graph.reduce('Sum', right, [0]),
    gradient: graph.multiply(output(node, 1), graph.reshape(weights, [-1, 1])),
  };
}
