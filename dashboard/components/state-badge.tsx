/** States of sweeps, trials and workers, in words and colour. */
import type { JSX } from 'preact';
import type { Answers, SweepState, TrialState, WorkerView } from '../api/types.js';

type Stage = Answers['GET /sweeps/:sweep/stages']['stages'][number];
type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'still';

const TONES: { readonly [state in SweepState | TrialState]: Tone } = {
  running: 'busy',
  paused: 'warn',
  completed: 'good',
  stopped: 'still',
  failed: 'bad',
  queued: 'still',
  pruned: 'still',
  infeasible: 'bad',
  cancelled: 'still',
};

export function StateBadge({ state }: { readonly state: SweepState | TrialState }): JSX.Element {
  return (
    <span class="state" data-tone={TONES[state]}>
      {state}
    </span>
  );
}

const WORKER_TONES: { readonly [state in WorkerView['state']]: Tone } = { active: 'good', draining: 'warn', quarantined: 'bad', gone: 'still' };

export function WorkerState({ state }: { readonly state: WorkerView['state'] }): JSX.Element {
  return (
    <span class="state" data-tone={WORKER_TONES[state]}>
      {state}
    </span>
  );
}

/** In a person's words: an attempt at it is under way. */
const STAGE_WORDS: { readonly [state in Stage['state']]: string } = { done: 'done', leased: 'in training', waiting: 'waiting' };
const STAGE_TONES: { readonly [state in Stage['state']]: Tone } = { done: 'good', leased: 'busy', waiting: 'still' };

export function StageState({ state }: Pick<Stage, 'state'>): JSX.Element {
  return (
    <span class="state" data-tone={STAGE_TONES[state]}>
      {STAGE_WORDS[state]}
    </span>
  );
}

export interface ProgressBarProps {
  readonly label: string;
  readonly done: number;
  readonly failed?: number;
  readonly total: number;
}

export function ProgressBar({ label, done, failed = 0, total }: ProgressBarProps): JSX.Element {
  const share = (part: number): string => `${total === 0 ? 0 : (part / total) * 100}%`;
  return (
    <div class="progress" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={total} aria-valuenow={done + failed}>
      <span style={{ width: share(done) }} />
      {failed > 0 && <span class="failed" style={{ width: share(failed) }} />}
    </div>
  );
}
