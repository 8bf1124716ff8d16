/** Starting a sweep from its file, uploaded or pasted: mistakes are told at their line, and what it would mean, before it starts. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ask, segment } from '../../api/client.js';
import { noteChange } from '../../api/live.js';
import type { Answers } from '../../api/types.js';
import { ConfirmDialog } from '../../components/dialog.js';
import { DropBox } from '../../components/drop-box.js';
import { Mistakes } from '../../components/mistakes.js';
import { Loading } from '../../components/panel.js';
import { go } from '../../state/location.js';
import { useResource } from '../../state/resource.js';
import { pause } from '../../state/typing.js';
import { PreviewLines } from '../sweep/change-dialog.js';

type Preview = Answers['POST /sweeps/text/preview'];

/** More is no sweep file. */
const MOST_BYTES = 1_000_000;

export function StartDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const text = useSignal('');
  const name = useSignal('sweep.yaml');
  /** What is wrong with the file that was chosen last. */
  const refusal = useSignal<string | null>(null);
  /** The name of the sweep that the text would change; null where it starts one. */
  const changed = useSignal<string | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const take = async (file: File): Promise<void> => {
    const called = file.name.slice(0, 100);
    refusal.value = file.size > MOST_BYTES ? `${called} has ${file.size} bytes; a sweep file has at most ${MOST_BYTES}` : null;
    if (refusal.value !== null) return;
    try {
      text.value = await file.text();
      name.value = file.name.slice(0, 200);
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
      deed={changed.value === null ? 'Start' : 'Change it'}
      wide
      isReady={text.value.trim() !== ''}
      onClose={onClose}
      onConfirm={async () => {
        const { id } = await ask('POST /sweeps/text', { body: { name: name.value, text: text.value } });
        noteChange();
        const started = await ask('GET /sweeps/:sweep', { at: { sweep: id } });
        go(`/sweeps/${segment(started.name)}`);
        return null;
      }}
    >
      <p class="small muted">
        Sweeps over formulas start right here, and sweeps over data that a sweep of this coordinator has already, with the same <code>data:</code> in their file. Images, modules and weights that are new come with <code>trawl submit FILE</code>.
      </p>
      <DropBox id="start-file" accept=".yaml,.yml,.json" onFile={(file) => void take(file)}>
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
      {text.value.trim() !== '' && <WouldStart name={name.value} text={text.value} onLine={showLine} onKnown={(preview) => (changed.value = preview === null || preview.existing === null ? null : preview.name)} />}
    </ConfirmDialog>
  );
}

interface WouldStartProps {
  readonly name: string;
  readonly text: string;
  readonly onLine: (line: number) => void;
  /** Told what it would mean; null while that is not known. */
  readonly onKnown: (preview: Preview | null) => void;
}

function WouldStart({ name, text, onLine, onKnown }: WouldStartProps): JSX.Element {
  const { resource } = useResource(`${name}\n${text}`, async (signal) => {
    await pause(signal);
    return ask('POST /sweeps/text/preview', { body: { name, text }, signal });
  });
  const { value } = resource;
  const preview = value.state === 'ready' ? value.value : null;
  useEffect(() => onKnown(preview), [preview]);
  if (value.state === 'loading') return <Loading what="what it would mean" />;
  if (value.state === 'failed') return <Mistakes error={value.error} onLine={onLine} />;
  const { existing, standing } = value.value;
  return (
    <>
      {existing !== null && standing !== 'same' && (
        <p class="mistakes" role="alert">
          There is a sweep {value.value.name.slice(0, 100)} already, {existing.state}: this changes it, and starts no other. For a sweep of its own give it another <code>name:</code>.
        </p>
      )}
      <PreviewLines preview={value.value} />
    </>
  );
}
