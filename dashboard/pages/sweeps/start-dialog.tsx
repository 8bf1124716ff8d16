/** Starting a sweep from its file, uploaded or pasted: mistakes are told at their line, and what it would mean, before it starts. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { ask, segment } from '../../api/client.js';
import { noteChange } from '../../api/live.js';
import type { Answers } from '../../api/types.js';
import { ConfirmDialog } from '../../components/dialog.js';
import { DropBox } from '../../components/drop-box.js';
import { Loading } from '../../components/panel.js';
import { Refused } from '../../components/refused.js';
import { go } from '../../state/location.js';
import { useResource, type Resource } from '../../state/resource.js';
import { pause } from '../../state/typing.js';
import { PreviewLines } from '../sweep/change-dialog.js';

interface SweepFile {
  readonly name: string;
  readonly text: string;
}

/** What starting from a file would mean. */
interface Would {
  readonly file: SweepFile;
  readonly preview: Answers['POST /sweeps/text/preview'];
}

/** More is no sweep file. */
const MOST_BYTES = 1_000_000;

export function StartDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const text = useSignal('');
  const name = useSignal('sweep.yaml');
  /** What is wrong with the file that was chosen last. */
  const refusal = useSignal<string | null>(null);
  const file = { name: name.value, text: text.value };
  const { resource, reload } = useResource(`${file.name}\n${file.text}`, async (signal): Promise<Would | null> => {
    if (file.text.trim() === '') return null;
    await pause(signal);
    return { file, preview: await ask('POST /sweeps/text/preview', { body: file, signal }) };
  });
  const { value } = resource;
  const would = value.state === 'ready' ? value.value : null;
  /** As it was last known: at each key it would be another one for a moment. */
  const deed = useRef('Start');
  if (value.state === 'ready') deed.current = deedOf(would);
  const area = useRef<HTMLTextAreaElement>(null);
  const take = async (taken: File): Promise<void> => {
    const called = taken.name.slice(0, 100);
    refusal.value = taken.size > MOST_BYTES ? `${called} has ${taken.size} bytes; a sweep file has at most ${MOST_BYTES}` : null;
    if (refusal.value !== null) return;
    try {
      text.value = await taken.text();
      name.value = taken.name.slice(0, 200);
    } catch {
      // Browsers say no more of a folder than of a file that is gone.
      refusal.value = `${called} cannot be read: it is a folder, or was changed or taken away since it was chosen; choose a sweep file`;
    }
  };
  const showLine = (line: number): void => {
    const start = text.value.split('\n').slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
    area.current?.focus();
    area.current?.setSelectionRange(start, start + (text.value.split('\n')[line - 1]?.length ?? 0));
  };
  return (
    <ConfirmDialog
      title="Start a sweep"
      deed={deed.current}
      wide
      // Nothing that was not told before: a preview of another text says nothing of this one.
      isReady={would !== null && would.file.name === file.name && would.file.text === file.text}
      onClose={onClose}
      onConfirm={async () => {
        const { id } = await ask('POST /sweeps/text', { body: file });
        noteChange();
        const started = await ask('GET /sweeps/:sweep', { at: { sweep: id } });
        go(`/sweeps/${segment(started.name)}`);
        return null;
      }}
    >
      <p class="small muted">
        Sweeps over formulas start right here, and sweeps over data that a sweep of this coordinator has already, with the same <code>data:</code> in their file. Images, modules and weights that are new come with <code>trawl submit FILE</code>.
      </p>
      <DropBox id="start-file" accept=".yaml,.yml,.json" onFile={(taken) => void take(taken)}>
        Sweep file: drop it here, or choose one
      </DropBox>
      {refusal.value !== null && (
        <p class="mistakes" role="alert">
          {refusal.value}
        </p>
      )}
      <div class="field">
        <label for="start-text">or its text</label>
        <textarea id="start-text" ref={area} rows={14} spellcheck={false} value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
      </div>
      {text.value.trim() !== '' && <WouldStart value={value} retry={reload} onLine={showLine} />}
    </ConfirmDialog>
  );
}

function deedOf(would: Would | null): string {
  if (would === null || would.preview.existing === null) return 'Start';
  return would.preview.standing === 'same' ? 'Open it' : 'Change it';
}

interface WouldStartProps {
  readonly value: Resource<Would | null>;
  readonly retry: () => void;
  readonly onLine: (line: number) => void;
}

function WouldStart({ value, retry, onLine }: WouldStartProps): JSX.Element {
  if (value.state === 'failed') return <Refused error={value.error} retry={retry} onLine={onLine} />;
  if (value.state === 'loading' || value.value === null) return <Loading what="what it would mean" />;
  const { preview } = value.value;
  const { existing, standing } = preview;
  return (
    <>
      {existing !== null && standing !== 'same' && (
        <p class="mistakes" role="alert">
          There is a sweep {preview.name.slice(0, 100)} already, {existing.state}: this changes it, and starts no other. For a sweep of its own give it another <code>name:</code>.
        </p>
      )}
      <PreviewLines preview={preview} />
    </>
  );
}
