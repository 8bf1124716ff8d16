/** What people write down about sweeps: tags to find them by, and a note. */
import type { NoteRecord, SweepRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { BadRequest } from './errors.js';
import type { Leading } from './leading.js';
import type { NoteEdit, NoteView, TagChange } from './views.js';

export interface NotesOptions {
  readonly store: Pick<Store, 'noteOf' | 'writeNote' | 'changeTags'>;
  readonly leader: Pick<Leading, 'epoch'>;
  readonly actor: string;
}

/** In UTF-16 units, as strings of JavaScript count. */
const LONGEST_NOTE = 20_000;
/** They stand in addresses and in lists with commas; marks of direction would turn what stands beside them around. */
const TAG = /^[^\s,\p{Cc}\p{Surrogate}\u200e\u200f\u202a-\u202e\u2066-\u2069]{1,40}$/u;

export class Notes {
  readonly #options: NotesOptions;

  constructor(options: NotesOptions) {
    this.#options = options;
  }

  async of(sweep: SweepRecord): Promise<NoteView> {
    return noteView(await this.#options.store.noteOf(sweep.id));
  }

  /** Throws BadRequest, NoteChanged. */
  async write(sweep: SweepRecord, { text, version }: NoteEdit): Promise<NoteView> {
    const { store, leader, actor } = this.#options;
    if (text.length > LONGEST_NOTE) throw new BadRequest(`text: found ${text.length} characters, expected at most ${LONGEST_NOTE}`);
    if (!Number.isInteger(version) || version < 0) throw new BadRequest(`version: found ${version}, expected that of the note which this one replaces, 0 where there is none`);
    await store.writeNote(sweep.id, { text, version }, actor, await leader.epoch());
    return this.of(sweep);
  }

  /** Throws BadRequest, which names every tag that is none, and TooManyTags. */
  async tag(sweep: SweepRecord, { add = [], remove = [] }: TagChange): Promise<void> {
    const { store, leader, actor } = this.#options;
    const mistakes = [...add.filter((tag) => !TAG.test(tag)).map((tag) => `add: found ${shown(tag)}, expected a tag of 1 to 40 characters without spaces, commas and marks of direction`), ...add.filter((tag) => remove.includes(tag)).map((tag) => `remove: found ${shown(tag)}, expected none that is to be added`)];
    if (mistakes.length > 0) throw new BadRequest(mistakes.join('; '));
    await store.changeTags(sweep.id, { add, remove }, actor, await leader.epoch());
  }
}

function shown(tag: string): string {
  return JSON.stringify(tag.length > 60 ? `${tag.slice(0, 60)}…` : tag);
}

function noteView({ text, version, editedAt, editedBy }: NoteRecord): NoteView {
  return { text, version, editedAt: editedAt?.toISOString() ?? null, editedBy };
}
