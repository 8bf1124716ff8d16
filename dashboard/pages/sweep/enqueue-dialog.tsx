/** A trial of one's own: a form over the hyperparameters that trials of the sweep have. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import { noteChange } from '../../api/live.js';
import type { Json, SweepView } from '../../api/types.js';
import { ConfirmDialog } from '../../components/dialog.js';
import { setting } from '../../text/format.js';
import type { PlotTrial } from './points.js';

/** More than that are written, not chosen. */
const MOST_CHOICES = 40;

interface Parameter {
  readonly name: string;
  /** That trials have, each once. */
  readonly values: readonly Json[];
  readonly isNumber: boolean;
}

function parametersOf(trials: readonly PlotTrial[]): Parameter[] {
  const names = [...new Set(trials.flatMap(({ settings }) => Object.keys(settings)))];
  return names.map((name) => {
    const values = [...new Map(trials.flatMap(({ settings: { [name]: value } }) => (value === undefined || value === null ? [] : [[JSON.stringify(value), value] as const]))).values()];
    return { name, values, isNumber: values.every((value) => typeof value === 'number') };
  });
}

interface EnqueueDialogProps {
  readonly sweep: SweepView;
  readonly trials: readonly PlotTrial[];
  readonly onClose: () => void;
}

export function EnqueueDialog({ sweep, trials, onClose }: EnqueueDialogProps): JSX.Element {
  const parameters = parametersOf(trials);
  const values = useSignal<{ readonly [name: string]: string }>({});
  const isFront = useSignal(false);
  const best = trials[0]?.settings ?? {};
  const settings = Object.fromEntries(parameters.flatMap(({ name }) => {
    const text = values.value[name] ?? textOf(best[name]);
    return text === '' ? [] : [[name, read(text)]];
  }));
  return (
    <ConfirmDialog
      title={`Enqueue a trial of ${sweep.name.slice(0, 100)}`}
      deed="Enqueue"
      isReady={Object.keys(settings).length > 0}
      onClose={onClose}
      onConfirm={async () => {
        const { enqueued, known } = await ask('POST /sweeps/:sweep/trials', { at: { sweep: sweep.id }, body: { trials: [settings], front: isFront.value } });
        noteChange();
        const [there] = known;
        return enqueued.length > 0 || there === undefined ? null : `Trial #${there.number} has these settings already; it is ${there.state}.`;
      }}
    >
      <p>It runs before all trials that wait. It begins with the settings of the best trial; what is not asked for here has the first value of its axis. Values outside the space are allowed.</p>
      <div class="fields">
        {parameters.map(({ name, values: known, isNumber }) => (
          <div class="field" key={name}>
            <label for={`enqueue-${name}`}>{name.slice(0, 80)}</label>
            {isNumber || known.length > MOST_CHOICES ? (
              <input id={`enqueue-${name}`} value={values.value[name] ?? textOf(best[name])} onInput={(event) => (values.value = { ...values.value, [name]: event.currentTarget.value })} />
            ) : (
              <select id={`enqueue-${name}`} value={values.value[name] ?? textOf(best[name])} onChange={(event) => (values.value = { ...values.value, [name]: event.currentTarget.value })}>
                {known.map((value) => (
                  <option key={textOf(value)} value={textOf(value)}>
                    {setting(value)}
                  </option>
                ))}
              </select>
            )}
          </div>
        ))}
      </div>
      <label class="check">
        <input type="checkbox" checked={isFront.value} onChange={(event) => (isFront.value = event.currentTarget.checked)} />
        Before those that were enqueued earlier
      </label>
    </ConfirmDialog>
  );
}

function textOf(value: Json | undefined): string {
  return value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

/** A number, true or false, or a map as JSON; what is none of these is a text. */
function read(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
