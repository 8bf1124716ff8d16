/** What is said before a sweep starts. Pure. */
import type { Preview, WarmStartView } from '../../coordinator/api/views.js';
import type { DataSummary } from '../../coordinator/sweep/spec.js';
import { count } from '../text/format.js';

export function planLines(preview: Preview, data: DataSummary | null): string[] {
  return [...(data === null ? [] : dataLines(data)), sweepLine(preview), ...warmStartLines(preview.warmStart), ...changeLines(preview)];
}

function dataLines(data: DataSummary): string[] {
  const { counts, classes } = data;
  const sum = (part: keyof DataSummary['counts']): number => counts[part].reduce((total, number) => total + number, 0);
  const perClass = classes.map((name, label) => `${name} ${(counts.train[label] ?? 0) + (counts.val[label] ?? 0) + (counts.test[label] ?? 0)}`);
  const shown = perClass.length <= 12 ? perClass.join(', ') : `${perClass.slice(0, 12).join(', ')}, …`;
  const lines = [`Data: ${count(data.images, 'image')} of ${count(classes.length, 'class', 'classes')} (${shown}); ${sum('train')} to train on, ${sum('val')} to validate, ${sum('test')} to test`];
  for (const { file, why } of data.rejected.slice(0, 5)) lines.push(`  skipped ${file}: ${why}`);
  if (data.rejected.length > 5) lines.push(`  and ${count(data.rejected.length - 5, 'more file')}`);
  return lines;
}

export function sweepLine(preview: Preview): string {
  if (preview.proposed !== null) {
    const { most } = preview.proposed;
    return `Sweep ${preview.name}: ${most === null ? 'trials' : `up to ${count(most, 'trial')}`}, proposed while it runs`;
  }
  const { requested, distinct, stored, again, budget } = preview.epochs;
  const left = distinct - stored + again;
  const limited = budget !== null && budget < distinct - stored;
  const work = left === 0 ? 'nothing is left to train' : limited ? `${left} to train, of which the budget allows ${budget}` : `${left} to train`;
  const saved = requested === 0 ? 0 : Math.round(((requested - distinct) / requested) * 100);
  const known = stored > 0 ? `, of which ${stored} are stored already` : '';
  return `Sweep ${preview.name}: ${count(preview.trials, 'trial')}, ${count(requested, 'epoch')} requested, ${distinct} after sharing (${saved} % saved)${known}: ${work}${again > 0 ? ` (${again} of them again: the state at their end was not kept)` : ''}`;
}

/** What the sampler knows of other sweeps, and why not of more. */
export function warmStartLines(warmStart: WarmStartView | null): string[] {
  if (warmStart === null) return [];
  const { from, taken, unfit } = warmStart;
  const states = Object.entries(taken);
  const all = states.reduce((sum, [, trials]) => sum + trials, 0);
  const left = unfit.reduce((sum, { trials }) => sum + trials, 0);
  const by = states.length === 0 ? '' : ` (${states.map(([state, trials]) => `${trials} ${state}`).join(', ')})`;
  const others = left === 0 ? '' : `; ${left} ${left === 1 ? 'does' : 'do'} not fit:`;
  return [`Warm start: ${count(all, 'trial')} taken from ${from.join(', ')}${by}${others}`, ...unfit.map(({ reason, trials }) => `  ${trials}: ${reason}`)];
}

function changeLines(preview: Preview): string[] {
  const { existing, standing, commands } = preview;
  if (existing === null) return [];
  if (standing === 'same') return [`It is known already (revision ${existing.revision}, ${existing.state}).`];
  if (standing === 'kept') {
    return [
      `It is known already (revision ${existing.revision}, ${existing.state}). Commands have changed it since the file was last submitted, and that stays:`,
      ...commands.map((line) => `  ${line}`),
      `\`trawl show ${preview.name} --file\` prints the sweep as it stands; --replace goes back to the file.`,
    ];
  }
  return [`The file has changed since revision ${existing.revision}:`, ...preview.differences.map((line) => `  ${line}`), ...carriedLines(preview)];
}

/** What becomes of the trials there are. */
export function carriedLines({ carried, proposed }: Pick<Preview, 'carried' | 'proposed'>): string[] {
  if (carried === null) return [];
  const { kept, goOn, fresh, dropped } = carried;
  const parts = [
    ...(kept > 0 ? [`${count(kept, 'trial')} stay as they are`] : []),
    ...(goOn > 0 ? [`${count(goOn, 'trial')} go on from what is stored`] : []),
    ...(fresh > 0 ? [`${count(fresh, 'trial')} are new`] : []),
    ...(proposed !== null ? ['more are proposed while it runs'] : []),
  ];
  const gone = dropped > 0 ? [`${count(dropped, 'trial')} are no part of it any more; their epochs stay in the store.`] : [];
  return [...(parts.length > 0 ? [`${parts.join(', ')}.`] : []), ...gone];
}
