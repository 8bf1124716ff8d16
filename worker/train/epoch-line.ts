/** What a built-in trainable prints of an epoch, for whoever reads its log. */
import type { TrainedEpoch } from './trainer.js';

const TOLD = ['train.loss', 'train.accuracy', 'val.loss', 'val.accuracy', 'val.auc'];

/** One line, without its end: `epoch 3: train.loss 0.4312, val.auc 0.91 (2.3 s)`; four significant digits. */
export function epochLine(epoch: number, { result, cost }: TrainedEpoch): string {
  const values = TOLD.flatMap((name) => (result.metrics[name] === undefined ? [] : [`${name} ${Number(result.metrics[name].toPrecision(4))}`]));
  const said = result.diverged ? ['the loss ceased to be finite', ...values] : values;
  return `epoch ${epoch}: ${said.join(', ')} (${cost.seconds.toFixed(1)} s)`;
}
