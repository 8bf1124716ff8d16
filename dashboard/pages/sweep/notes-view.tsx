/** What people wrote down about a sweep: its tags, and a note that two may write without losing each other's text. */
import { signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { asApiError, type ApiError } from '../../api/api-error.js';
import { ask } from '../../api/client.js';
import { noteChange } from '../../api/live.js';
import { maySteer, onLeave } from '../../api/session.js';
import type { Answers, SweepView } from '../../api/types.js';
import { Empty, Failed, Panel, Shown } from '../../components/panel.js';
import { TagLink } from '../../components/tag-link.js';
import { useResource } from '../../state/resource.js';
import { time } from '../../text/format.js';

type Note = Answers['GET /sweeps/:sweep/note'];

/** A text that is being written, in the place of the note of this version. */
interface Draft {
  readonly text: string;
  readonly replaces: number;
}

/** By sweep: who looks at another view meanwhile finds it again. */
const drafts = signal<ReadonlyMap<string, Draft>>(new Map());
onLeave(() => (drafts.value = new Map()));

function keepDraft(sweep: string, draft: Draft | null): void {
  const all = new Map(drafts.value);
  if (draft === null) all.delete(sweep);
  else all.set(sweep, draft);
  drafts.value = all;
}

const MOST_TAGS = 20;
const LONGEST_TAG = 40;
const LONGEST_NOTE = 20_000;

export function NotesView({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  return (
    <>
      <Tags sweep={sweep} />
      <NotePanel sweep={sweep} />
    </>
  );
}

/** What a request comes to: whether it is under way, and why it failed. */
function useDeed(): { readonly isBusy: boolean; readonly failure: ApiError | null; readonly run: (deed: () => Promise<unknown>) => Promise<boolean> } {
  const isBusy = useSignal(false);
  const failure = useSignal<ApiError | null>(null);
  const run = async (deed: () => Promise<unknown>): Promise<boolean> => {
    isBusy.value = true;
    failure.value = null;
    try {
      await deed();
      return true;
    } catch (error) {
      failure.value = asApiError(error);
      return false;
    } finally {
      isBusy.value = false;
      noteChange();
    }
  };
  return { isBusy: isBusy.value, failure: failure.value, run };
}

function Tags({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const { isBusy, failure, run } = useDeed();
  const written = useSignal('');
  const change = (body: { readonly add?: readonly string[]; readonly remove?: readonly string[] }): Promise<boolean> => run(() => ask('POST /sweeps/:sweep/tags', { at: { sweep: sweep.id }, body }));
  const add = async (): Promise<void> => {
    const tags = written.value.split(/[\s,]+/).filter((tag) => tag !== '');
    if (tags.length > 0 && !isBusy && (await change({ add: tags }))) written.value = '';
  };
  return (
    <Panel title="Tags">
      {sweep.tags.length === 0 && <p class="muted">It has no tags.</p>}
      <ul class="tags">
        {sweep.tags.map((tag) => (
          <li key={tag} class="chip">
            <TagLink tag={tag} />
            {maySteer() && (
              <button type="button" disabled={isBusy} aria-label={`Remove the tag ${tag}`} onClick={() => void change({ remove: [tag] })}>
                ×
              </button>
            )}
          </li>
        ))}
      </ul>
      {maySteer() && sweep.tags.length < MOST_TAGS && (
        <form
          class="toolbar"
          onSubmit={(event) => {
            event.preventDefault();
            void add();
          }}
        >
          <input aria-label="New tags" placeholder="New tags" maxLength={MOST_TAGS * (LONGEST_TAG + 1)} value={written.value} onInput={(event) => (written.value = event.currentTarget.value)} />
          <button type="submit" disabled={isBusy}>
            Add
          </button>
        </form>
      )}
      {failure !== null && <Failed error={failure} />}
    </Panel>
  );
}

function NotePanel({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const { resource, reload } = useResource(`note ${sweep.id}`, (abort) => ask('GET /sweeps/:sweep/note', { at: { sweep: sweep.id }, signal: abort }), { live: sweep.id });
  const draft = drafts.value.get(sweep.id) ?? null;
  const { value } = resource;
  const edit = draft === null && maySteer() && value.state === 'ready' && (
    <button type="button" onClick={() => keepDraft(sweep.id, { text: value.value.text, replaces: value.value.version })}>
      {value.value.text === '' ? 'Write a note' : 'Edit'}
    </button>
  );
  return (
    <Panel title="Note" tools={edit}>
      <Shown what="the note" of={resource} retry={reload}>
        {(note) => (draft === null ? <NoteText note={note} /> : <Editor sweep={sweep} note={note} draft={draft} />)}
      </Shown>
    </Panel>
  );
}

function NoteText({ note }: { readonly note: Note }): JSX.Element {
  if (note.text === '') return <Empty>Nobody has written a note.</Empty>;
  return (
    <>
      <p class="note-text" dir="auto">
        {note.text}
      </p>
      <By note={note} />
    </>
  );
}

function By({ note: { editedAt, editedBy } }: { readonly note: Note }): JSX.Element | null {
  return editedAt === null ? null : (
    <p class="small muted">
      By <bdi>{(editedBy ?? '').slice(0, 100)}</bdi>, {time(editedAt)}
    </p>
  );
}

interface EditorProps {
  readonly sweep: SweepView;
  readonly note: Note;
  readonly draft: Draft;
}

/** What somebody else has written since is shown beside one's own text, and is not replaced before one says so. */
function Editor({ sweep, note, draft }: EditorProps): JSX.Element {
  const { isBusy, failure, run } = useDeed();
  // One's own save may be told of before it is answered.
  const isOvertaken = !isBusy && note.version !== draft.replaces;
  const close = (): void => keepDraft(sweep.id, null);
  const save = async (): Promise<void> => {
    if (await run(() => ask('POST /sweeps/:sweep/note', { at: { sweep: sweep.id }, body: { text: draft.text, version: draft.replaces } }))) close();
  };
  return (
    <form
      class="note-editor"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy && !isOvertaken) void save();
      }}
    >
      {isOvertaken && (
        <div role="alert" class="note-other">
          <p>Meanwhile somebody else has written this note. Bring both texts together in the box below: it will take this one's place.</p>
          <NoteText note={note} />
          <button type="button" onClick={() => keepDraft(sweep.id, { ...draft, replaces: note.version })}>
            Mine holds both now
          </button>
        </div>
      )}
      <textarea aria-label="Note" dir="auto" rows={12} maxLength={LONGEST_NOTE} readOnly={isBusy} value={draft.text} onInput={(event) => keepDraft(sweep.id, { ...draft, text: event.currentTarget.value })} />
      {failure !== null && failure.code !== 'NoteChanged' && <Failed error={failure} />}
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy || isOvertaken}>
          Save
        </button>
        <button type="button" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
}
