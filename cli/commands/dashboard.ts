/** trawl dashboard: a link to the page, for the viewer's own browser. */
import type { Command } from 'commander';
import { HttpSweepService } from '../client.js';
import { CommandFailed } from '../exit.js';
import { readAnnouncement } from '../host/announcement.js';
import { dashboardLink, sweepPath } from '../host/dashboard-link.js';
import { placeOf } from '../host/place.js';
import { withJson, withService, type ServiceOptions } from '../options.js';
import { commandLine, near } from '../program-name.js';
import { fetchTrusting } from '../../blob/trusting-fetch.js';
import { duration } from '../text/format.js';
import { print, printJson } from './on-service.js';

export function addDashboard(program: Command): void {
  const command = program
    .command('dashboard')
    .summary('a link to the dashboard that logs a browser in')
    .description("Prints the address of the dashboard with a code that logs a browser in once, as whoever asks: at home with all rights, at a coordinator elsewhere with those of the token.")
    .argument('[sweep]', 'its name or id, to open its page')
    .addHelpText('after', '\nExamples:\n  trawl dashboard\n  trawl dashboard digits\n  trawl dashboard --coordinator https://sweeps.example.org:8080 --token-file ./token');
  withJson(withService(command)).action(async (sweep: string | undefined, options: ServiceOptions) => {
    const { service, url } = coordinatorOf(options);
    const path = sweep === undefined ? '/' : sweepPath((await service.sweep(sweep)).name);
    const link = await dashboardLink(service, url, path);
    if (options.json === true) printJson(link);
    else print([link.url, `It logs a browser in once, within ${duration(link.expiresInMs)}.`]);
  });
}

/** Of several coordinators, the first that is named: a standby's page leads to the one that leads. */
function coordinatorOf(options: ServiceOptions): { readonly service: HttpSweepService; readonly url: string } {
  const { home, remote } = placeOf(options);
  if (remote !== null) {
    const [url = ''] = remote.url.split(',');
    return { service: new HttpSweepService({ url, token: remote.token, fetch: fetchTrusting(remote.trust) }), url };
  }
  const announced = readAnnouncement(home);
  if (announced === null) throw new CommandFailed(`no coordinator runs on home ${near(home.folder)}, and it has the dashboard; to start one: ${commandLine(['up'], home)}`);
  return { service: new HttpSweepService(announced), url: announced.url };
}
