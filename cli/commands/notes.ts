/** `trawl tag` and `trawl note`: what people write down about sweeps. */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { NoteView } from '../../coordinator/api/views.js';
import { BadInput } from '../exit.js';
import { several, withJson, withService, type ServiceOptions } from '../options.js';
import { onService, print, printJson } from './on-service.js';

interface TagOptions extends ServiceOptions {
  readonly remove?: readonly string[];
}

interface NoteOptions extends ServiceOptions {
  readonly file?: string;
  readonly replaces?: number;
}

export function addNoteCommands(program: Command): void {
  addTag(program);
  addNote(program);
}

function addTag(program: Command): void {
  const command = program
    .command('tag')
    .summary('tags of a sweep, which `trawl ls --tag` finds it by')
    .description('Adds tags to a sweep, and prints all that it has. Without tags to add or remove it only prints them.')
    .argument('<sweep>', 'its name or id')
    .argument('[tag...]', 'tags to add: 1 to 40 characters without spaces and commas')
    .addOption(new Option('--remove <tag>', 'a tag to remove; may be given several times').argParser(several))
    .addHelpText('after', '\nExamples:\n  trawl tag digits paper baseline --remove draft\n  trawl ls --tag paper');
  withJson(withService(command)).action((sweep: string, add: readonly string[], options: TagOptions) =>
    onService(options, async ({ service }) => {
      const { remove = [] } = options;
      const view = add.length + remove.length === 0 ? await service.sweep(sweep) : await service.changeTags(sweep, { add, remove });
      if (options.json === true) printJson(view);
      else print([view.tags.length === 0 ? `${view.name} has no tags` : `${view.name}: ${view.tags.join(', ')}`]);
    }),
  );
}

function addNote(program: Command): void {
  const command = program
    .command('note')
    .summary('what people wrote about a sweep')
    .description('Prints the note of a sweep, or writes one in its place. An empty text removes it.')
    .argument('<sweep>', 'its name or id')
    .argument('[text]', 'the new note')
    .addOption(new Option('--file <file>', 'the new note from a file, - for what comes on stdin'))
    .addOption(new Option('--replaces <version>', 'refuse where the note is not of this version any more, as --json tells it (default: the version that is there)').argParser(version))
    .addHelpText('after', '\nExamples:\n  trawl note digits\n  trawl note digits "the baseline of the paper"\n  trawl note digits > note.txt; trawl note digits --file note.txt');
  withJson(withService(command)).action(async (sweep: string, text: string | undefined, options: NoteOptions) => {
    const written = newText(text, options);
    await onService(options, async ({ service }) => {
      const before = await service.note(sweep);
      const note = written === null ? before : await service.writeNote(sweep, { text: written, version: options.replaces ?? before.version });
      if (options.json === true) printJson(note);
      else tell(sweep, note, written !== null);
    });
  });
}

/** Null where none is to be written. Throws BadInput. */
function newText(text: string | undefined, { file, replaces }: NoteOptions): string | null {
  if (text !== undefined && file !== undefined) throw new BadInput('--file: found a text beside it, expected one of the two');
  if (file !== undefined) return readText(file);
  if (text === undefined && replaces !== undefined) throw new BadInput('--replaces: found no text, expected the new note, or --file FILE');
  return text ?? null;
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new BadInput(`--file: found ${file}, which cannot be read (${error instanceof Error ? error.message : String(error)}); expected a file of text`);
  }
}

/** The text alone goes to stdout. */
function tell(sweep: string, { text, version: number, editedAt, editedBy }: NoteView, isNew: boolean): void {
  const by = editedBy === null ? '' : ` (version ${number}, by ${editedBy} at ${editedAt ?? ''})`;
  if (text === '') process.stderr.write(`${sweep} has no note${by}\n`);
  else if (isNew) process.stderr.write(`wrote the note of ${sweep}${by}\n`);
  else {
    process.stderr.write(`the note of ${sweep}${by}:\n`);
    // Whoever wrote it does not steer the terminal of whoever reads it.
    print([process.stdout.isTTY ? text.replace(/[^\P{Cc}\n\t]/gu, '\ufffd') : text.replace(/\n$/, '')]);
  }
}

function version(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a version, a whole number from 0.');
  return Number(text);
}
