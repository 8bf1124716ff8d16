/** What people write down about sweeps: tags, and a note. Neither is part of a revision: no leader needs to know. */
import type { ClientBase } from 'pg';
import { plainText } from './batch.js';
import type { NoteRecord } from './records.js';

/** Locked against every other change of the sweep; null where there is none. */
export async function lockTags(client: ClientBase, sweep: string): Promise<readonly string[] | null> {
  const { rows } = await client.query<{ tags: readonly string[] }>('select tags from sweep where id = $1 for update', [sweep]);
  return rows[0]?.tags ?? null;
}

export async function writeTags(client: ClientBase, sweep: string, tags: readonly string[]): Promise<void> {
  await client.query('update sweep set tags = $2 where id = $1', [sweep, tags]);
}

export async function readNote(client: ClientBase, sweep: string): Promise<NoteRecord | null> {
  const { rows } = await client.query<NoteRecord>({ name: 'note', text: 'select note as text, note_version as version, note_at as "editedAt", note_by as "editedBy" from sweep where id = $1', values: [sweep] });
  return rows[0] ?? null;
}

/** False where the note is not of that version any more, or there is no such sweep. */
export async function replaceNote(client: ClientBase, sweep: string, text: string, version: number, actor: string): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'replace-note',
    text: 'update sweep set note = $2, note_version = note_version + 1, note_at = now(), note_by = $4 where id = $1 and note_version = $3',
    values: [sweep, plainText(text), version, plainText(actor)],
  });
  return rowCount === 1;
}
