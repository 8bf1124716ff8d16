/** `trawl token`: who may ask a coordinator. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ROLES, type Role } from '../../coordinator/access/roles.js';
import type { TokenView } from '../../coordinator/api/fleet-views.js';
import { durationMs, durationPattern } from '../../proto/duration.js';
import { withJson, withService, type ServiceOptions } from '../options.js';
import { table } from '../text/table.js';
import { onService, print, printJson } from './on-service.js';

interface CreateOptions extends ServiceOptions {
  readonly role: Role;
  readonly name?: string;
  readonly expires?: number;
}

const MEANING = 'worker trains, and nothing else; viewer reads; operator reads, submits and steers; admin does all that, and makes tokens';

export function addTokenCommands(program: Command): void {
  const token = program.command('token').summary('who may ask a coordinator').description("Tokens for workers and people: each has a role, and is made, listed and revoked by an admin. The home's own token, which commands on the home use by themselves, is an admin's.");
  addCreate(token);
  addList(token);
  addRevoke(token);
}

function addCreate(token: Command): void {
  const command = token
    .command('create')
    .summary('a new token')
    .description('Makes a token and prints its secret on stdout, this once: only a hash of it is kept.')
    .addOption(new Option('--role <role>', MEANING).choices(ROLES).makeOptionMandatory())
    .option('--name <name>', 'whose it is; stands on events (default: the role)')
    .addOption(new Option('--expires <duration>', 'for how long it is good, e.g. 30d or 12h (default: until it is revoked)').argParser(lifetime))
    .addHelpText('after', '\nExamples:\n  trawl token create --role worker --name gpu-boxes > worker.token\n  trawl token create --role operator --name alice --expires 30d');
  withJson(withService(command)).action((options: CreateOptions) =>
    onService(options, async ({ service }) => {
      const made = await service.createToken({ role: options.role, name: options.name ?? null, expiresInMs: options.expires ?? null });
      if (options.json === true) {
        printJson(made);
        return;
      }
      // The secret alone on stdout, so that it can go into a file.
      process.stderr.write(`made ${made.token.id} ("${made.token.name}", ${made.token.role}, ${made.token.expiresAt === null ? 'good until it is revoked' : `good until ${made.token.expiresAt}`}); its secret is shown this once:\n`);
      print([made.secret]);
    }, { make: true }),
  );
}

function addList(token: Command): void {
  const command = token.command('ls').summary('list the tokens').description('Lists the tokens, without their secrets.').addHelpText('after', '\nExample:\n  trawl token ls --home ./my-home');
  withJson(withService(command)).action((options: ServiceOptions) =>
    onService(options, async ({ service }) => {
      const tokens = await service.tokens();
      if (options.json === true) printJson({ tokens });
      else print(tokens.length === 0 ? ['There are no tokens yet.'] : tokenTable(tokens));
    }),
  );
}

function addRevoke(token: Command): void {
  const command = token
    .command('revoke')
    .summary('a token is good no more')
    .description('Revokes a token: requests with it are refused and sessions that it opened end, within seconds.')
    .argument('<id>', 'tok_…, as `trawl token ls` shows it')
    .addHelpText('after', '\nExample:\n  trawl token revoke tok_4k2v9w0c6x1m8r3t');
  withJson(withService(command)).action((id: string, options: ServiceOptions) =>
    onService(options, async ({ service }) => {
      const revoked = await service.revokeToken(id);
      if (options.json === true) printJson(revoked);
      else print([`Revoked: ${revoked.id} ("${revoked.name}", ${revoked.role})`]);
    }),
  );
}

function tokenTable(tokens: readonly TokenView[]): string[] {
  return table<TokenView>(
    [
      { title: 'id', value: ({ id }) => id },
      { title: 'name', value: ({ name }) => name },
      { title: 'role', value: ({ role }) => role },
      { title: 'state', value: ({ state }) => state },
      { title: 'expires', value: ({ expiresAt }) => expiresAt ?? '-' },
      { title: 'last used', value: ({ lastUsed }) => lastUsed ?? '-' },
      { title: 'made by', value: ({ createdBy }) => createdBy },
    ],
    tokens,
  );
}

/** Milliseconds. */
function lifetime(text: string): number {
  const days = /^(\d+)d$/.exec(text)?.[1];
  const ms = days !== undefined ? Number(days) * 86_400_000 : durationPattern.test(text) ? durationMs(text) : Number.NaN;
  if (!(ms >= 1_000 && ms <= 3_650 * 86_400_000)) throw new InvalidArgumentError(`found ${text}, expected a duration from 1s to 3650d, e.g. 30d or 12h.`);
  return ms;
}
