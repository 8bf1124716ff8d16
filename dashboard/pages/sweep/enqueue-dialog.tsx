/** A trial of one's own: a form over the sweep's hyperparameters. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { ask } from '../../api/client.js';
import { noteChange } from '../../api/live.js';
import type { Answers, SweepView } from '../../api/types.js';
import { ConfirmDialog } from '../../components/dialog.js';
import { Shown } from '../../components/panel.js';
import { useResource } from '../../state/resource.js';
import { count } from '../../text/format.js';
import { fieldsOf, settingsOf, type EnqueueField } from './enqueue-form.js';

interface EnqueueDialogProps {
  readonly sweep: SweepView;
  readonly onClose: () => void;
}

type Written = { readonly [name: string]: string };

export function EnqueueDialog({ sweep, onClose }: EnqueueDialogProps): JSX.Element {
  // Once: what is being written must not change under the pen.
  const { resource, reload } = useResource(`space ${sweep.id}`, (signal) => ask('GET /sweeps/:sweep/space', { at: { sweep: sweep.id }, signal }));
  const written = useSignal<Written>({});
  const isFront = useSignal(false);
  const { value } = resource;
  return (
    <ConfirmDialog
      title={`Enqueue a trial of ${sweep.name.slice(0, 100)}`}
      deed="Enqueue"
      isReady={value.state === 'ready'}
      onClose={onClose}
      onConfirm={async () => {
        const settings = value.state === 'ready' ? settingsOf(fieldsOf(value.value), written.value) : {};
        const { enqueued, known } = await ask('POST /sweeps/:sweep/trials', { at: { sweep: sweep.id }, body: { trials: [settings], front: isFront.value } });
        noteChange();
        const [there] = known;
        return enqueued.length > 0 || there === undefined ? null : `Trial #${there.number} has these settings already; it is ${there.state}.`;
      }}
    >
      <p>It runs before all trials that wait. Values outside the space are allowed.</p>
      <Shown what="the space" of={resource} retry={reload}>
        {(space) => <Fields space={space} written={written.value} onWrite={(name, text) => (written.value = { ...written.value, [name]: text })} />}
      </Shown>
      <label class="check">
        <input type="checkbox" checked={isFront.value} onChange={(event) => (isFront.value = event.currentTarget.checked)} />
        Before those that were enqueued earlier
      </label>
    </ConfirmDialog>
  );
}

interface FieldsProps {
  readonly space: Answers['GET /sweeps/:sweep/space'];
  readonly written: Written;
  readonly onWrite: (name: string, text: string) => void;
}

function Fields({ space, written, onWrite }: FieldsProps): JSX.Element {
  const fields = useMemo(() => fieldsOf(space), [space]);
  const [open, fixed] = [fields.filter(({ isFixed }) => !isFixed), fields.filter(({ isFixed }) => isFixed)];
  const shown = (some: readonly EnqueueField[]): JSX.Element => (
    <div class="fields">
      {some.map((field) => (
        <Field key={field.name} field={field} text={written[field.name] ?? field.initial} onWrite={(text) => onWrite(field.name, text)} />
      ))}
    </div>
  );
  return (
    <>
      <p class="small muted">{space.best === null ? 'No trial has completed yet: it begins with the first value of each axis.' : `It begins with the settings of trial #${space.best.number}, the best so far.`}</p>
      {shown(open)}
      {fixed.length > 0 && (
        <details open={open.length === 0}>
          <summary>{count(fixed.length, 'fixed hyperparameter')}</summary>
          {shown(fixed)}
        </details>
      )}
    </>
  );
}

/** Its listed values are suggested; others may be written. */
function Field({ field: { name, options, hint }, text, onWrite }: { readonly field: EnqueueField; readonly text: string; readonly onWrite: (text: string) => void }): JSX.Element {
  const id = `enqueue-${name}`;
  return (
    <div class="field">
      <label for={id}>{name.slice(0, 80)}</label>
      <input id={id} list={`${id}-values`} aria-describedby={`${id}-hint`} value={text} onInput={(event) => onWrite(event.currentTarget.value)} />
      <datalist id={`${id}-values`}>
        {options.map((option) => (
          <option key={option} value={option} />
        ))}
      </datalist>
      <span class="hint" id={`${id}-hint`}>
        {hint}
      </span>
    </div>
  );
}
