/** Commands of those who train elsewhere: submit, watch. */
import { Option, type Command } from 'commander';
import type { EngineName } from '../../worker/engine/names.js';
import { withEngine } from '../engine/option.js';
import { placeOf } from '../host/place.js';
import { several, withJson, withService, type ServiceOptions } from '../options.js';

interface SubmitOptions extends ServiceOptions {
  readonly engine?: EngineName;
  readonly sharing: boolean;
  readonly replace?: boolean;
  readonly warmStartFrom?: readonly string[];
}

const ENGINE = 'what trains: graph, wasm or eager (default: the one that the sweep was last submitted with; for a new sweep the best that the connected workers have)';

export function addSubmitCommands(program: Command, exit: (code: number) => void): void {
  const submit = withSubmission(
    program
      .command('submit')
      .summary('hand a sweep to a coordinator that stays')
      .description('Checks the sweep file and its data here, uploads what workers need, and submits it to a coordinator, whose workers train it. Prints what it comes to and does not wait: `trawl watch` does. The same file again resumes the sweep, or answers that it is known.')
      .argument('<file>', 'a sweep file (YAML or JSON)'),
  ).addHelpText('after', '\nExamples:\n  trawl submit digits.yaml --coordinator https://sweeps.example.org:8080 --token-file ./token\n  trawl submit digits.yaml --home ./my-home');
  withEngine(withJson(withService(submit)), ENGINE).action(async (file: string, options: SubmitOptions) => {
    const { submitSweep } = await import('../run/submit.js');
    const { engine = null, sharing, replace = false, warmStartFrom = null, json = false } = options;
    await submitSweep({ file, place: placeOf(options), engine, sharing, replace, warmStartFrom, json });
  });
  const watch = program
    .command('watch')
    .summary('live progress of a sweep, until it ends')
    .description('Shows how a sweep goes on until it ends, then its leaderboard. Ctrl-C leaves it; the sweep runs on. Exits 0 where a trial of it completed, 1 where none did, 130 where it was paused or left. With --json a line for each change.')
    .argument('<sweep>', 'its name or id')
    .addHelpText('after', '\nExample:\n  trawl watch digits --coordinator https://sweeps.example.org:8080 --token-file ./token');
  withService(watch)
    .option('--json', 'a JSON document per line on stdout, everything else on stderr')
    .action(async (sweep: string, options: ServiceOptions) => {
      const { followSweep } = await import('../run/follow.js');
      exit(await followSweep({ sweep, place: placeOf(options), json: options.json === true }));
    });
}

/** Of commands that make a sweep of a file. */
export function withSubmission(command: Command): Command {
  return command
    .option('--no-sharing', 'train every trial from its first epoch; the results are the same')
    .option('--replace', 'take the file as it is, where commands have changed the sweep since it was last submitted')
    .addOption(new Option('--warm-start-from <sweep>', 'let the sampler (tpe, gp) know the trials of another sweep before its first; may be given several times').argParser(several));
}
