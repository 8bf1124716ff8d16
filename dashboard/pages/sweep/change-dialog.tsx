/** Extending a sweep, and changing how it goes on: what it would mean is said before it is done. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import { noteChange } from '../../api/live.js';
import type { Answers, SweepView } from '../../api/types.js';
import { ConfirmDialog } from '../../components/dialog.js';
import { Loading } from '../../components/panel.js';
import { Refused } from '../../components/refused.js';
import { useResource, type Resource } from '../../state/resource.js';
import { pause } from '../../state/typing.js';
import { duration, whole } from '../../text/format.js';

interface Field {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  /** It takes a whole number alone. */
  readonly isWhole?: boolean;
  /** Of the change that it makes. */
  readonly part: (text: string) => object;
}

/** `none` takes a limit out; durations are written as in a sweep file. */
const valueOf = (text: string): unknown => (text === 'none' ? null : /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);
const budget = (name: string) => (text: string) => ({ budget: { [name]: valueOf(text) } });

const EXTEND: readonly Field[] = [
  { name: 'epochs', label: 'Epochs', hint: 'The longest trials go on to so many', isWhole: true, part: (text) => ({ epochs: Number(text) }) },
  { name: 'trials', label: 'Trials', hint: 'So many in all; for samplers that draw', isWhole: true, part: (text) => ({ trials: Number(text) }) },
];

const EDIT: readonly Field[] = [
  { name: 'trials', label: 'Trials', hint: 'The most there are', part: budget('trials') },
  { name: 'wallClock', label: 'Time', hint: 'How long it may run in all, e.g. 3h', part: budget('wallClock') },
  { name: 'epochs', label: 'New epochs', hint: 'The most that are trained for it', part: budget('epochs') },
  { name: 'slotHours', label: 'Slot hours', hint: 'Time of training, summed over slots', part: budget('slotHours') },
  { name: 'target', label: 'Target', hint: 'It ends when a trial reaches this', part: budget('target') },
  { name: 'priority', label: 'Priority', hint: 'Sweeps of a higher one are handed slots first', part: (text) => ({ priority: valueOf(text) }) },
  { name: 'concurrency', label: 'Concurrency', hint: 'The most stages of it at once', part: (text) => ({ concurrency: valueOf(text) }) },
];

/** What holds now, as placeholders. */
function presentOf({ budget: limits, priority, concurrency }: SweepView): { readonly [name: string]: string } {
  const none = 'none';
  return {
    trials: limits.trials === null ? none : String(limits.trials),
    wallClock: limits.wallClockMs === null ? none : duration(limits.wallClockMs),
    epochs: limits.epochs === undefined ? none : String(limits.epochs),
    slotHours: limits.slotMs === undefined ? none : String(limits.slotMs / 3_600_000),
    target: limits.target === undefined ? none : String(limits.target),
    priority: String(priority),
    concurrency: concurrency === null ? none : String(concurrency),
  };
}

interface ChangeDialogProps {
  readonly sweep: SweepView;
  readonly kind: 'extend' | 'edit';
  readonly onClose: () => void;
}

export function ChangeDialog({ sweep, kind, onClose }: ChangeDialogProps): JSX.Element {
  const values = useSignal<{ readonly [name: string]: string }>({});
  const fields = kind === 'extend' ? EXTEND : EDIT;
  const change = changeOf(fields, values.value);
  const mistakes = mistakesIn(fields, values.value);
  const isEmpty = Object.keys(change).length === 0;
  const written = JSON.stringify(change);
  const { resource, reload } = useResource(written, async (signal) => {
    if (isEmpty || mistakes.length > 0) return null;
    await pause(signal);
    return (await ask('POST /sweeps/:sweep/changes', { at: { sweep: sweep.id }, body: { change, dryRun: true }, signal })).preview;
  });
  const isKnown = resource.value.state === 'ready' && resource.value.value !== null;
  const present = kind === 'edit' ? presentOf(sweep) : {};
  return (
    <ConfirmDialog
      title={kind === 'extend' ? `Extend ${sweep.name.slice(0, 100)}` : `Budget and priority of ${sweep.name.slice(0, 100)}`}
      deed={kind === 'extend' ? 'Extend' : 'Change'}
      isReady={!isEmpty && mistakes.length === 0 && isKnown}
      about={written}
      onClose={onClose}
      onConfirm={async () => {
        await ask('POST /sweeps/:sweep/changes', { at: { sweep: sweep.id }, body: { change, dryRun: false } });
        noteChange();
        return null;
      }}
    >
      <div class="fields">
        {fields.map(({ name, label, hint }) => (
          <div class="field" key={name}>
            <label for={`change-${name}`}>{label}</label>
            <input id={`change-${name}`} type="text" placeholder={present[name] ?? ''} aria-describedby={`change-${name}-hint`} value={values.value[name] ?? ''} onInput={(event) => (values.value = { ...values.value, [name]: event.currentTarget.value })} />
            <span class="hint" id={`change-${name}-hint`}>
              {hint}
            </span>
          </div>
        ))}
      </div>
      {mistakes.length > 0 ? <p class="mistakes" role="alert">{mistakes.join('; ')}</p> : !isEmpty && <WouldMean value={resource.value} retry={reload} />}
    </ConfirmDialog>
  );
}

function changeOf(fields: readonly Field[], values: { readonly [name: string]: string }): object {
  let change: { budget?: object } = {};
  for (const { name, part } of fields) {
    const text = values[name]?.trim() ?? '';
    if (text === '') continue;
    const made = part(text) as { budget?: object };
    change = { ...change, ...made, ...(made.budget === undefined ? {} : { budget: { ...change.budget, ...made.budget } }) };
  }
  return change;
}

/** What is seen before the coordinator is asked. */
function mistakesIn(fields: readonly Field[], values: { readonly [name: string]: string }): string[] {
  return fields.flatMap(({ name, label, isWhole = false }) => {
    const text = values[name]?.trim() ?? '';
    return isWhole && text !== '' && !/^\d+$/.test(text) ? [`${label}: found ${text.slice(0, 60)}, expected a whole number`] : [];
  });
}

type Preview = Answers['POST /sweeps/preview'];

function WouldMean({ value, retry }: { readonly value: Resource<Preview | null>; readonly retry: () => void }): JSX.Element {
  if (value.state === 'loading') return <Loading what="what it would mean" />;
  if (value.state === 'failed') return <Refused error={value.error} retry={retry} />;
  return value.value === null ? <Loading what="what it would mean" /> : <PreviewLines preview={value.value} />;
}

export function PreviewLines({ preview }: { readonly preview: Preview }): JSX.Element {
  const { standing, differences, epochs, carried, trials, proposed } = preview;
  if (standing === 'same') return <p role="status">It says that already; nothing changes.</p>;
  const left = epochs.distinct - epochs.stored + epochs.again;
  return (
    <div class="preview" role="status">
      {differences.map((line) => (
        <p key={line} class="mono small">
          {line.slice(0, 1_000)}
        </p>
      ))}
      {carried !== null && (
        <p>
          {whole(carried.kept)} trials stay as they are, {whole(carried.goOn)} go on, {whole(carried.fresh)} are new{carried.dropped > 0 ? `, ${whole(carried.dropped)} are dropped` : ''}.
        </p>
      )}
      <p>
        {proposed === null ? `${whole(trials)} trials` : `${proposed.most === null ? 'Trials without a limit' : `At most ${whole(proposed.most)} trials`}, proposed while it runs`}: {whole(epochs.requested)} epochs asked for, {whole(epochs.distinct)} after sharing, {whole(left)} to train.
      </p>
    </div>
  );
}
