/** Commands about ensembles: ensemble, pull, predict. */
import { Option, type Command } from 'commander';
import type { EngineName } from '../../worker/engine/names.js';
import { withEngine } from '../engine/option.js';
import { homeAt } from '../home.js';
import { withService, withJson, type ServiceOptions } from '../options.js';
import { onService, print, printJson } from './on-service.js';

export function addBundleCommands(program: Command, exit: (code: number) => void): void {
  addEnsemble(program);
  addPull(program);
  addPredict(program, exit);
}

function addEnsemble(program: Command): void {
  const command = program
    .command('ensemble')
    .summary("the ensemble of a sweep's completed trials")
    .description("Assembles the ensemble of a sweep's completed trials: members, weights, and validation and test metrics beside those of the best single model.")
    .argument('<sweep>', 'its name or id')
    .addHelpText('after', '\nExample:\n  trawl ensemble digits');
  withJson(withService(command)).action((sweep: string, options: ServiceOptions) =>
    onService(options, async ({ service }) => {
      const view = await service.ensemble(sweep);
      const { ensembleLines, ensembleDetail } = await import('../run/ensemble.js');
      if (options.json === true) printJson(ensembleDetail(view));
      else print(ensembleLines(view));
    }),
  );
}

function addPull(program: Command): void {
  const command = program
    .command('pull')
    .summary("fetch a sweep's ensemble as a folder that predicts by itself")
    .description("Writes the bundle of a sweep's ensemble to DIR, which must be new or empty: weights, preprocessing, classes, threshold, metrics and where they come from. Up to a few original images of the validation part, with their names, go into it too, so that a machine can check itself: mind whom you give it to, or leave them out.")
    .argument('<sweep>', 'its name or id')
    .argument('<dir>', 'a new or empty folder')
    .option('--no-reference-images', 'without images of the validation part; `trawl predict` then says that it could not check itself')
    .addHelpText('after', '\nExample:\n  trawl pull digits ./digits-bundle');
  withJson(withService(command)).action((sweep: string, folder: string, options: ServiceOptions & { readonly referenceImages: boolean }) =>
    onService(options, async ({ service, blobs }, { home }) => {
      const [{ pullBundle }, { near }] = await Promise.all([import('../bundle/write.js'), import('../program-name.js')]);
      const view = await service.ensemble(sweep);
      await pullBundle({ view, home, blobs }, folder, { reference: options.referenceImages });
      if (options.json === true) printJson({ bundle: folder, members: view.members.length });
      else print([`wrote ${near(folder)}: ${view.members.length === 1 ? '1 model' : `${view.members.length} models`} of ${view.sweep.name}`]);
    }),
  );
}

interface PredictOptions {
  readonly csv?: boolean;
  readonly json?: boolean;
  readonly engine?: EngineName;
  readonly home?: string;
  readonly masks?: string;
}

function addPredict(program: Command, exit: (code: number) => void): void {
  const command = program
    .command('predict')
    .summary('what a bundle says of images')
    .description('Prints class and probabilities of each image. Files that cannot be read are named on stderr and the rest is done; the exit code is 1 only where none could be read.')
    .argument('<bundle>', 'a folder that `trawl pull` or `trawl run` wrote')
    .argument('<images...>', 'image files, folders, patterns in quotes, or arrays of images (.npy)')
    .addOption(new Option('--home <dir>', 'where engines are kept (default: $TRAWL_HOME, else ~/.trawl)'))
    .option('--masks <dir>', 'a folder of masks with the base names of the images, for a bundle whose sweep had data.crop.masks')
    .addOption(new Option('--csv', 'comma-separated values: file, class, a probability per class').conflicts('json'))
    .addHelpText('after', '\nExample:\n  trawl predict ./digits-bundle new-images/ --json');
  withEngine(withJson(command), 'what computes: graph or wasm (default: wasm, which gives the same digits everywhere)').action(async (bundle: string, images: string[], options: PredictOptions) => {
    const { predict } = await import('../predict/predict.js');
    const { engineHere } = await import('../engine/survey.js');
    const engine = await engineHere(options.engine ?? null, () => homeAt(options.home));
    exit(await predict(bundle, images, options.json === true ? 'json' : options.csv === true ? 'csv' : 'table', engine, options.masks));
  });
}
