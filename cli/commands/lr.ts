/** `trawl lr`. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Json } from '../../proto/work.js';
import type { EngineName } from '../../worker/engine/names.js';
import { withEngine } from '../engine/option.js';
import { BadInput } from '../exit.js';
import { withHome, withJson, type HomeOptions } from '../options.js';

interface Options extends HomeOptions {
  /** Texts of values by axis. */
  readonly set: { readonly [hyperparameter: string]: string };
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  readonly out?: string;
  readonly engine?: EngineName;
}

export function addLr(program: Command): void {
  const command = program
    .command('lr')
    .summary('which learning rates are worth a sweep')
    .description(
      'A range test: trains the first trial of the sweep file for a few hundred steps while the rate rises from step to step by equal ratios, until the loss diverges, and draws loss against rate (PNG). Says where the loss falls fastest, and where it is least before it first rises; good rates lie from a tenth of that rate up to it.',
    )
    .argument('<file>', 'a sweep file over images')
    .addOption(new Option('--set <axis=value>', 'a value of space in the place of the first one; as often as needed').argParser(addSetting).default({}, 'none'))
    .addOption(new Option('--from <rate>', 'the first rate').argParser(rate).default(1e-6))
    .addOption(new Option('--to <rate>', 'the last rate').argParser(rate).default(1))
    .addOption(new Option('--steps <n>', 'steps from the first to the last rate').argParser(stepCount).default(200))
    .addOption(new Option('--out <png>', 'where to draw it (default: FILE-lr.png, beside the sweep file)'))
    .addHelpText('after', '\nExample:\n  trawl lr chest_xray.yaml --set imageSize=64 --set batch=32');
  withEngine(withJson(withHome(command))).action(async (file: string, options: Options) => {
    const { from, to, steps } = options;
    if (from >= to) throw new BadInput(`--from: found ${from}, expected a rate below --to, which is ${to}`);
    const { runLr } = await import('../lr/command.js');
    await runLr({ file, home: options.home, set: await settings(options.set), range: { from, to, steps }, out: options.out ?? null, engine: options.engine ?? null, json: options.json === true });
  });
}

/** `batch=32`. */
function addSetting(text: string, before: unknown): Options['set'] {
  const match = /^([A-Za-z][\w]*)=(.+)$/s.exec(text);
  if (match === null) throw new InvalidArgumentError(`found ${text}, expected AXIS=VALUE, e.g. batch=32.`);
  return { ...(before as Options['set']), [match[1] ?? '']: match[2] ?? '' };
}

/** What a range test chooses itself, and how. */
const NOT_SET: { readonly [axis: string]: string } = {
  lr: 'the test tries rates from --from to --to in its place',
  epochs: 'the test trains --steps steps, whatever the number of epochs',
};

/** Values as a sweep file writes them. Throws BadInput, with a line for each that would have no effect. */
async function settings(texts: Options['set']): Promise<{ [hyperparameter: string]: Json }> {
  const { parse } = await import('yaml');
  const idle = Object.entries(texts).flatMap(([axis, text]) => (NOT_SET[axis] === undefined ? [] : [`--set: found ${axis}=${text}, expected another axis than ${axis}: ${NOT_SET[axis]}`]));
  if (idle.length > 0) throw new BadInput(idle.join('\n'));
  const values: { [hyperparameter: string]: Json } = {};
  for (const [axis, text] of Object.entries(texts)) {
    try {
      values[axis] = parse(text) as Json;
    } catch {
      throw new BadInput(`--set: found ${axis}=${text}, expected a value as a sweep file writes it after ${axis}=`);
    }
  }
  return values;
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value >= 1e-12 && value <= 1e6)) throw new InvalidArgumentError(`found ${text}, expected a rate from 1e-12 to 1e6.`);
  return value;
}

function stepCount(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 20 || value > 10_000) throw new InvalidArgumentError(`found ${text}, expected a whole number from 20 to 10000.`);
  return value;
}
