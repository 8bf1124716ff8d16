/** Commands about the fleet: workers, drain. */
import type { Command } from 'commander';
import { workerLines } from '../fleet/workers-text.js';
import { withJson, withService, type ServiceOptions } from '../options.js';
import { onService, print, printJson } from './on-service.js';

function drainedLine(worker: string, leaves: boolean): string {
  return leaves
    ? `${worker} finishes its epochs in progress, gives the rest back, and leaves; \`trawl workers\` shows when it has.`
    : `${worker} gives its stages back and is given no more; it is of an older version, which does not leave by itself: end it there once \`trawl workers\` shows it idle.`;
}

export function addWorkerCommands(program: Command): void {
  const workers = program
    .command('workers')
    .summary('the fleet: workers with their slots and what they are at')
    .description('Lists the workers that are connected, and those that have left within a day.')
    .addHelpText('after', '\nExamples:\n  trawl workers\n  trawl workers release gpu-3');
  withJson(withService(workers)).action((options: ServiceOptions) =>
    onService(options, async ({ service }) => {
      const views = await service.workers();
      if (options.json === true) printJson({ workers: views });
      else print(views.length === 0 ? ['No worker is connected, and none was within a day.'] : workerLines(views));
    }),
  );
  const release = workers
    .command('release')
    .summary("end a worker's quarantine")
    .description('Gives work again, at once, to a worker that was given none because what it was given failed.')
    .argument('<worker>', 'its name or id')
    .addHelpText('after', '\nExample:\n  trawl workers release gpu-3');
  withJson(withService(release)).action((worker: string, _own: ServiceOptions, command: Command) => {
    const options = command.optsWithGlobals<ServiceOptions>();
    return onService(options, async ({ service }) => {
      const { released } = await service.releaseWorker(worker);
      if (options.json === true) printJson({ worker, released });
      else print([released ? `${worker} is given work again.` : `${worker} was not quarantined; nothing has changed.`]);
    });
  });
  const drain = program
    .command('drain')
    .summary('let a worker finish its epochs in progress, give the rest back, and leave')
    .description('Asks a worker to save what it has trained at the end of the epochs in progress, to give its stages back, and to end. Other workers go on with them.')
    .argument('<worker>', 'its name or id')
    .addHelpText('after', '\nExample:\n  trawl drain gpu-3');
  withJson(withService(drain)).action((worker: string, options: ServiceOptions) =>
    onService(options, async ({ service }) => {
      const { leaves } = await service.drain(worker);
      if (options.json === true) printJson({ worker, draining: true, leaves });
      else print([drainedLine(worker, leaves)]);
    }),
  );
}
