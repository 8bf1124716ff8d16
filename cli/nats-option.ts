/** --nats and what belongs to it, the same for coordinators and workers. */
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { hostOf } from '../proto/addresses.js';
import { NATS_VARIABLES, readNatsSettings, type NatsPlace, type NatsSettings } from '../proto/nats/settings.js';
import { BadInput } from './exit.js';
import { plainMistake } from './plain.js';

export interface NatsOptions {
  readonly nats?: string;
  readonly natsCreds?: string;
  readonly fleet?: string;
  readonly insecure?: boolean;
}

const OPTION_OF: { readonly [setting in keyof Required<NatsSettings>]: string } = { url: '--nats', credentials: '--nats-creds', fleet: '--fleet' };

export function withNats(command: Command, purpose: string): Command {
  return command
    .addOption(new Option('--nats <url>', `${purpose}, e.g. nats://127.0.0.1:4222; one with a password is better given in the variable`).env(NATS_VARIABLES.url))
    .addOption(new Option('--nats-creds <file>', 'a NATS credentials file (JWT and seed)').env(NATS_VARIABLES.credentials))
    .addOption(new Option('--fleet <name>', 'of several fleets on one NATS server, this one (default: default)').env(NATS_VARIABLES.fleet));
}

/** Null without --nats. Throws BadInput with a line per mistake. */
export function natsOf({ nats, natsCreds, fleet, insecure = false }: NatsOptions): { readonly settings: NatsSettings; readonly place: NatsPlace } | null {
  if (nats === undefined || nats === '') {
    if (natsCreds !== undefined || fleet !== undefined) throw new BadInput(`--nats: found nothing, expected it beside ${natsCreds === undefined ? '--fleet' : '--nats-creds'}`);
    return null;
  }
  const settings: NatsSettings = { url: nats, credentials: natsCreds === undefined ? undefined : resolve(natsCreds), fleet };
  const place = readNatsSettings(settings);
  if ('address' in place) {
    const { tls, servers, shown } = place.address;
    const plain = tls || insecure ? null : plainMistake(OPTION_OF.url, shown, servers.map(hostOf), 'have TLS at the server and name it as tls://HOST:PORT');
    if (plain !== null) throw new BadInput(plain);
    return { settings, place };
  }
  throw new BadInput(place.map(({ setting, found, expected }) => `${OPTION_OF[setting]}: found "${found}", expected ${expected}`).join('\n'));
}
