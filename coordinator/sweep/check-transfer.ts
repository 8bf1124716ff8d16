/** What a sweep with pretrained weights asks of its base, against the layers that there are. */
import type { WeightsSource } from '../../proto/pretrained.js';
import type { ImageDraft } from './draft.js';
import { describe, type Problem } from './mistakes.js';
import type { Axis } from './spec.js';
import { suggestValue } from './suggest.js';
import { TRANSFER_DEFAULTS } from './transfer.js';

/** `source` is null where nobody has looked at the weights: then names and depths are taken as they stand. */
export function checkTransfer(draft: ImageDraft, axes: readonly Axis[], source: WeightsSource | null): Problem[] {
  if (!Object.hasOwn(draft.raw, 'weights')) return withoutWeights(draft);
  if (source === null || draft.sections.weights === undefined) return [];
  const { layers, usualCut } = source;
  const valuesOf = (name: 'cutAt' | 'freeze'): readonly unknown[] => axes.find((axis) => axis.name === name)?.values ?? [TRANSFER_DEFAULTS[name]];
  const unknown = (name: string, value: string, place: string, among: readonly string[]): Problem => ({ path: ['space', name], at: 'value', found: describe(value), expected: `a layer of ${place}`, suggestion: suggestionFor(value, among) });
  const problems: Problem[] = [];
  const cuts: number[] = [];
  for (const cut of valuesOf('cutAt')) {
    const name = typeof cut === 'string' ? cut : usualCut;
    const at = name === null ? -1 : layers.indexOf(name);
    if (at >= 0) cuts.push(at + 1);
    else if (typeof cut === 'string') problems.push(unknown('cutAt', cut, 'the model', layers));
    else problems.push({ path: ['weights'], at: 'key', found: 'a model without pooling over the whole image or flattening, before which its base would end', expected: 'space.cutAt beside it', suggestion: '`trawl model NAME` lists its layers' });
  }
  // The grid crosses both axes, so the depth must fit the shallowest base.
  const shallowest = Math.min(...cuts);
  for (const freeze of valuesOf('freeze')) {
    if (cuts.length === 0 || freeze === 'all' || freeze === 'none') continue;
    const base = `the base, which ends with ${layers[shallowest - 1] ?? ''}`;
    if (typeof freeze === 'number') {
      if (freeze > shallowest) problems.push({ path: ['space', 'freeze'], at: 'value', found: describe(freeze), expected: `at most the ${shallowest} layers of ${base}`, suggestion: 'write all for the whole base' });
    } else if (typeof freeze === 'string' && !layers.slice(0, shallowest).includes(freeze)) problems.push(unknown('freeze', freeze, base, layers.slice(0, shallowest)));
  }
  return problems;
}

function withoutWeights({ space }: ImageDraft): Problem[] {
  return Object.keys(TRANSFER_DEFAULTS).filter((name) => space.has(name)).map((name) => ({ path: ['space', name], at: 'key', found: `${name} without weights`, expected: 'weights: FILE beside it', suggestion: 'without pretrained weights there is no base' }));
}

function suggestionFor(value: string, layers: readonly string[]): string {
  return suggestValue(value, layers) ?? '`trawl model NAME` lists them';
}
