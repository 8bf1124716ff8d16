/** What an operator does to a sweep. Each deed asks once, says what it means, and shows at once. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import { noteChange } from '../../api/live.js';
import { maySteer } from '../../api/session.js';
import type { SweepView } from '../../api/types.js';
import { ConfirmDialog } from '../../components/dialog.js';
import { Menu } from '../../components/menu.js';
import { count } from '../../text/format.js';
import { ChangeDialog } from './change-dialog.js';
import { EnqueueDialog } from './enqueue-dialog.js';

type Deed = 'pause' | 'resume' | 'stop' | 'extend' | 'edit' | 'retry' | 'enqueue';

export interface SteeringProps {
  readonly sweep: SweepView;
}

/** Nothing for those who may only look. */
export function Steering({ sweep }: SteeringProps): JSX.Element | null {
  const deed = useSignal<Deed | null>(null);
  const close = (): void => {
    deed.value = null;
  };
  if (!maySteer()) return null;
  const { state } = sweep;
  const button = (name: Deed, label: string): JSX.Element => (
    <button type="button" onClick={() => (deed.value = name)}>
      {label}
    </button>
  );
  return (
    <div class="actions">
      {state === 'running' && button('pause', 'Pause')}
      {(state === 'paused' || state === 'stopped') && button('resume', 'Resume')}
      {(state === 'running' || state === 'paused') && button('stop', 'Stop')}
      {button('enqueue', 'Enqueue')}
      <Menu label="Change">
        {button('extend', 'Extend…')}
        {button('edit', 'Budget and priority…')}
        {button('retry', 'Retry failed trials…')}
      </Menu>
      {(deed.value === 'pause' || deed.value === 'resume' || deed.value === 'stop') && <StateDialog sweep={sweep} deed={deed.value} onClose={close} />}
      {(deed.value === 'extend' || deed.value === 'edit') && <ChangeDialog sweep={sweep} kind={deed.value} onClose={close} />}
      {deed.value === 'retry' && <RetryDialog sweep={sweep} onClose={close} />}
      {deed.value === 'enqueue' && <EnqueueDialog sweep={sweep} onClose={close} />}
    </div>
  );
}

const STATES = {
  pause: { state: 'paused', title: 'Pause', means: 'The epochs in progress are finished, and nothing new begins. It goes on from there when it is resumed.' },
  resume: { state: 'running', title: 'Resume', means: 'It goes on with all trials that are open. What is trained is not trained again.' },
  stop: { state: 'stopped', title: 'Stop', means: 'The epochs in progress are finished and what is trained is kept; all trials that are open are cancelled. It can be resumed.' },
} as const;

interface StateDialogProps {
  readonly sweep: SweepView;
  readonly deed: keyof typeof STATES;
  readonly onClose: () => void;
}

function StateDialog({ sweep, deed, onClose }: StateDialogProps): JSX.Element {
  const isNow = useSignal(false);
  const { state, title, means } = STATES[deed];
  return (
    <ConfirmDialog
      title={`${title} ${sweep.name.slice(0, 100)}?`}
      deed={title}
      danger={deed === 'stop'}
      onClose={onClose}
      onConfirm={async () => {
        await ask('POST /sweeps/:sweep/state', { at: { sweep: sweep.id }, body: { state, now: isNow.value } });
        noteChange();
        return null;
      }}
    >
      <p>{means}</p>
      {deed === 'stop' && (
        <label class="check">
          <input type="checkbox" checked={isNow.value} onChange={(event) => (isNow.value = event.currentTarget.checked)} />
          At once: the epochs in progress are given up
        </label>
      )}
    </ConfirmDialog>
  );
}

function RetryDialog({ sweep, onClose }: { readonly sweep: SweepView; readonly onClose: () => void }): JSX.Element {
  const numbers = useSignal('');
  const trials = numbers.value.split(/[\s,#]+/).filter((word) => word !== '');
  return (
    <ConfirmDialog
      title={`Retry trials of ${sweep.name.slice(0, 100)}?`}
      deed="Retry"
      onClose={onClose}
      onConfirm={async () => {
        const { retried, remembered } = await ask('POST /sweeps/:sweep/retries', { at: { sweep: sweep.id }, body: { trials } });
        noteChange();
        if (retried.length === 0 && remembered.length === 0) return 'No trial has failed or was cancelled.';
        return remembered.length === 0 ? null : `${count(retried.length, 'trial')} queued again. ${count(remembered.length, 'trial')} failed by their settings and would again.`;
      }}
    >
      <div class="field">
        <label for="retry-trials">Trials, by their numbers</label>
        <input id="retry-trials" value={numbers.value} placeholder="all that failed or were cancelled" onInput={(event) => (numbers.value = event.currentTarget.value)} />
      </div>
    </ConfirmDialog>
  );
}
