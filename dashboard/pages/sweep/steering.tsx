/** What an operator does to a sweep. Each deed asks once, says what it means, and shows at once. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import { noteChange } from '../../api/live.js';
import { maySteer } from '../../api/session.js';
import type { SweepView } from '../../api/types.js';
import { ConfirmDialog } from '../../components/dialog.js';
import { Menu } from '../../components/menu.js';
import { Mistakes } from '../../components/mistakes.js';
import { Loading } from '../../components/panel.js';
import { Refused } from '../../components/refused.js';
import { useResource } from '../../state/resource.js';
import { pause } from '../../state/typing.js';
import { affectedText, retryText } from '../../text/deeds.js';
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
      <Affected sweep={sweep} deed={deed} />
      {deed === 'stop' && (
        <label class="check">
          <input type="checkbox" checked={isNow.value} onChange={(event) => (isNow.value = event.currentTarget.checked)} />
          At once: the epochs in progress are given up
        </label>
      )}
    </ConfirmDialog>
  );
}

/** Whom it is about. */
function Affected({ sweep, deed }: Pick<StateDialogProps, 'sweep' | 'deed'>): JSX.Element {
  const { resource } = useResource(`affected ${sweep.id}`, (signal) => ask('GET /sweeps/:sweep/progress', { at: { sweep: sweep.id }, signal }));
  const { value } = resource;
  if (value.state === 'loading') return <Loading what="whom it is about" />;
  if (value.state === 'failed') return <Mistakes error={value.error} />;
  return <p role="status">{affectedText(deed, value.value)}</p>;
}

function RetryDialog({ sweep, onClose }: { readonly sweep: SweepView; readonly onClose: () => void }): JSX.Element {
  const numbers = useSignal('');
  const trials = numbers.value.split(/[\s,#]+/).filter((word) => word !== '');
  const { resource, reload } = useResource(`retry ${sweep.id} ${trials.join(' ')}`, async (signal) => {
    await pause(signal);
    return ask('POST /sweeps/:sweep/retries', { at: { sweep: sweep.id }, body: { trials, dryRun: true }, signal });
  });
  const { value: would } = resource;
  return (
    <ConfirmDialog
      title={`Retry trials of ${sweep.name.slice(0, 100)}?`}
      deed="Retry"
      isReady={would.state === 'ready' && would.value.retried.length > 0}
      onClose={onClose}
      onConfirm={async () => {
        await ask('POST /sweeps/:sweep/retries', { at: { sweep: sweep.id }, body: { trials } });
        noteChange();
        return null;
      }}
    >
      <div class="field">
        <label for="retry-trials">Trials, by their numbers</label>
        <input id="retry-trials" value={numbers.value} placeholder="all that failed or were cancelled" onInput={(event) => (numbers.value = event.currentTarget.value)} />
      </div>
      {would.state === 'loading' && <Loading what="what it would mean" />}
      {would.state === 'failed' && <Refused error={would.error} retry={reload} />}
      {would.state === 'ready' && <p role="status">{retryText(would.value)}</p>}
    </ConfirmDialog>
  );
}
