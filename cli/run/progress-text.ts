/** What is said of a sweep while it runs. Pure: views and rates in, lines out. */
import type { ProgressView } from '../../coordinator/api/views.js';
import { count, metric, wholeSeconds } from '../text/format.js';

/** How fast epochs are recorded, over the last while. */
export class EpochRate {
  readonly #windowMs: number;
  #points: { readonly atMs: number; readonly recorded: number }[] = [];

  constructor(windowMs = 30_000) {
    this.#windowMs = windowMs;
  }

  add(atMs: number, recorded: number): void {
    // Time before the first epoch of this watch (processes start, data are decoded) says nothing about speed.
    if (this.#points.length === 1 && this.#points[0]?.recorded === recorded) this.#points = [];
    this.#points.push({ atMs, recorded });
    while (this.#points.length > 2 && atMs - (this.#points[0]?.atMs ?? atMs) > this.#windowMs) this.#points.shift();
  }

  /** Epochs per second; null until something was recorded. */
  get perSecond(): number | null {
    const first = this.#points[0];
    const last = this.#points.at(-1);
    if (first === undefined || last === undefined || last.atMs === first.atMs || last.recorded <= first.recorded) return null;
    return ((last.recorded - first.recorded) * 1_000) / (last.atMs - first.atMs);
  }
}

/** One line, e.g. `12 of 24 trials done, 2 running, 10 waiting; 31 of 80 epochs, 3.2/s, about 16 s left; best #3 val.auc 0.9312`. */
export function progressLine(view: ProgressView, perSecond: number | null): string {
  const { trials, epochs } = view;
  const failed = trials.failed > 0 ? `, ${trials.failed} failed` : '';
  const infeasible = trials.infeasible > 0 ? `, ${trials.infeasible} infeasible` : '';
  const cancelled = trials.cancelled > 0 ? `, ${trials.cancelled} cancelled` : '';
  const left = epochs.total - epochs.recorded;
  const rate = perSecond === null ? '' : `, ${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s${left > 0 ? `, about ${wholeSeconds((left / perSecond) * 1_000)} left` : ''}`;
  const best = view.best === null ? '' : `; best #${view.best.number} ${view.sweep.objective.metric} ${metric(view.best.value)}${view.best.goesOn === null ? '' : ` after ${view.best.goesOn.after} of ${count(view.best.goesOn.of, 'epoch')}`}`;
  return `${trials.done} of ${count(trials.total, 'trial')} done, ${trials.running} running, ${trials.waiting} waiting${failed}${infeasible}${cancelled}; ${epochs.recorded} of ${count(epochs.total, 'epoch')}${rate}${best}`;
}

/** The same with a bar above and a line per busy slot below, none wider than `width` characters. */
export function progressPanel(view: ProgressView, perSecond: number | null, width: number): string[] {
  const share = view.epochs.total === 0 ? 0 : view.epochs.recorded / view.epochs.total;
  const bar = Math.max(10, Math.min(40, width - 30));
  const filled = Math.round(share * bar);
  const lines = [
    `${view.sweep.name}  ${'█'.repeat(filled)}${'░'.repeat(bar - filled)} ${Math.floor(share * 100)} %`,
    progressLine(view, perSecond),
    ...view.running.map((slot, place) => slotLine(slot, place)),
    ...(view.notice === null ? [] : [view.notice]),
  ];
  return lines.map((line) => (line.length > width ? `${line.slice(0, Math.max(0, width - 1))}…` : line));
}

function slotLine(slot: ProgressView['running'][number], place: number): string {
  const shown = slot.trials.slice(0, 4).map((number) => `#${number}`).join(' ');
  const trials = `${shown}${slot.trials.length > 4 ? ` and ${slot.trials.length - 4} more` : ''}`;
  if (slot.kind === 'evaluate') return `  slot ${place + 1}: evaluating epoch ${slot.from} for ${trials}`;
  const step = slot.steps === 0 ? '' : `, step ${slot.step} of ${slot.steps}`;
  const loss = slot.loss === null ? '' : `, loss ${metric(slot.loss)}`;
  return `  slot ${place + 1}: epoch ${slot.epoch} of ${slot.from} to ${slot.to - 1}${step}${loss}, for ${trials}`;
}
